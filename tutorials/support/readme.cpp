#include "tutorials/support/readme.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "autograd/error.hpp"
#include "tutorials/support/lines.hpp"

namespace gradus::tutorials {
namespace {

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") + 1 - begin);
}

/// What stands after `key` in a comment `<!-- key ... -->`, if `line` is one.
std::optional<std::string_view> comment(std::string_view line, std::string_view key) {
  line = trimmed(line);
  if (!line.starts_with("<!--") || !line.ends_with("-->")) return {};
  line = trimmed(line.substr(4, line.size() - 7));
  if (!line.starts_with(key)) return {};
  return trimmed(line.substr(key.size()));
}

/// Reads `Scores by hand, tolerance 1e-3` into a block.
Block described(std::string_view what, int line) {
  Block block;
  block.kind = Block::Kind::output;
  const size_t comma = what.rfind(',');
  const std::string_view option =
      comma == std::string_view::npos ? std::string_view() : trimmed(what.substr(comma + 1));
  if (option == "numbers vary") {
    block.numbers_vary = true;
  } else if (option.starts_with("tolerance ")) {
    const std::string_view number = trimmed(option.substr(10));
    const auto read = std::from_chars(number.data(), number.data() + number.size(), block.tolerance);
    if (read.ec != std::errc() || read.ptr != number.data() + number.size() || !(block.tolerance > 0)) {
      fail<FormatError>("line {}: '{}' is no tolerance, such as 1e-3", line, number);
    }
  }
  const bool has_option = block.numbers_vary || option.starts_with("tolerance ");
  block.name = trimmed(has_option ? what.substr(0, comma) : what);
  if (block.name.empty()) fail<FormatError>("line {}: the output comment names no section", line);
  return block;
}

}  // namespace

std::vector<Block> blocks_of(const std::string& readme) {
  std::vector<Block> blocks;
  std::optional<Block> announced;  // by a comment in the line before
  std::optional<Block> open;
  const auto check_announced = [&] {
    if (announced) fail<FormatError>("line {}: no block follows this comment", announced->line);
  };
  size_t at = 0;
  int number = 0;
  for (const std::string_view line : lines_of(readme)) {
    ++number;
    const size_t next = std::min(at + line.size() + 1, readme.size());
    const std::string_view text = trimmed(line);
    if (open) {
      if (text == "```") {
        open->end = at;
        open->text = readme.substr(open->begin, at - open->begin);
        blocks.push_back(*std::move(open));
        open.reset();
      }
    } else if (text.starts_with("```")) {
      const std::string_view language = trimmed(text.substr(3));
      open = announced.value_or(Block{});
      if (open->kind == Block::Kind::output && language != "text") {
        fail<FormatError>("line {}: an output block is fenced as ```text, not ```{}", number, language);
      }
      const bool is_code = language == "cpp" || language == "python";
      if (open->kind == Block::Kind::code && !is_code) {
        fail<FormatError>("line {}: a code block is fenced as ```cpp or ```python, not ```{}", number,
                          language);
      }
      if (is_code) open->kind = Block::Kind::code;
      if (open->kind == Block::Kind::other && language != "math" && language != "sh" && language != "text") {
        fail<FormatError>("line {}: a block is ```cpp, ```python, ```text, ```sh or ```math, not '{}'",
                          number, language);
      }
      open->line = number;
      open->begin = next;
      announced.reset();
    } else if (const auto output = comment(line, "output:")) {
      check_announced();
      announced = described(*output, number);
      announced->line = number;
    } else if (const auto code = comment(line, "code:")) {
      check_announced();
      announced = Block{};
      announced->kind = Block::Kind::code;
      announced->name = *code;
      announced->line = number;
    } else {
      check_announced();
    }
    at = next;
  }
  check_announced();
  if (open) fail<FormatError>("line {}: this block is not closed", open->line);
  return blocks;
}

std::map<std::string, std::string> sections_of(const std::string& output) {
  std::map<std::string, std::string> sections;
  std::string* current = nullptr;
  for (const std::string_view line : lines_of(output)) {
    if (line.starts_with("== ") && line.ends_with(" ==") && line.size() > 6) {
      current = &sections[std::string(line.substr(3, line.size() - 6))];
    } else if (current != nullptr) {
      *current += std::string(line) + "\n";
    }
  }
  for (auto& [name, text] : sections) {
    while (text.ends_with("\n\n")) text.pop_back();
    text.erase(0, std::min(text.find_first_not_of('\n'), text.size()));
  }
  return sections;
}

std::string refreshed(const std::string& readme, const std::string& output) {
  const auto sections = sections_of(output);
  std::string out;
  size_t copied = 0;
  for (const Block& block : blocks_of(readme)) {
    if (block.kind != Block::Kind::output) continue;
    const auto fresh = sections.find(block.name);
    if (fresh == sections.end()) {
      fail<FormatError>("line {}: the program prints no section '{}'", block.line, block.name);
    }
    out += readme.substr(copied, block.begin - copied);
    out += fresh->second;
    copied = block.end;
  }
  return out + readme.substr(copied);
}

}  // namespace gradus::tutorials

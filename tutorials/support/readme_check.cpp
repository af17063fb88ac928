// What can be wrong with a README: its code, its output, its links, its figures.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "tutorials/support/lines.hpp"
#include "tutorials/support/readme.hpp"

namespace gradus::tutorials {
namespace {

bool blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

size_t indentation(std::string_view line) { return std::min(line.find_first_not_of(' '), line.size()); }

/// The lines without the indentation that all of them share; empty lines at both ends are left out.
std::vector<std::string_view> dedented(std::vector<std::string_view> lines) {
  while (!lines.empty() && blank(lines.back())) lines.pop_back();
  while (!lines.empty() && blank(lines.front())) lines.erase(lines.begin());
  size_t common = std::string_view::npos;
  for (const std::string_view line : lines) {
    if (!blank(line)) common = std::min(common, indentation(line));
  }
  for (std::string_view& line : lines) line = blank(line) ? std::string_view() : line.substr(common);
  return lines;
}

/// Where `piece` stands in `source` at or after line `from`, or npos.
size_t find_lines(const std::vector<std::string_view>& piece, const std::vector<std::string_view>& source,
                  size_t from) {
  for (size_t at = from; at + piece.size() <= source.size(); ++at) {
    const auto first = source.begin() + static_cast<std::ptrdiff_t>(at);
    const std::vector<std::string_view> here(first, first + static_cast<std::ptrdiff_t>(piece.size()));
    // Indented as a whole, so each line has the same indentation more.
    if (blank(here.front()) || indentation(here.front()) < indentation(piece.front())) continue;
    const size_t more = indentation(here.front()) - indentation(piece.front());
    const bool same = std::equal(piece.begin(), piece.end(), here.begin(), [&](auto wanted, auto found) {
      if (blank(wanted) || blank(found)) return blank(wanted) && blank(found);
      return indentation(found) >= more && found.substr(more) == wanted;
    });
    if (same) return at;
  }
  return std::string_view::npos;
}

/// A number or a run of other characters of a line.
struct Token {
  std::string_view text;
  bool is_number = false, is_whole = false;
  double value = 0, unit = 0;  ///< unit: one in the last printed place
};

bool digit(char c) { return c >= '0' && c <= '9'; }

/// Cuts a line into numbers and words; spaces only part them.
std::vector<Token> tokens_of(std::string_view line) {
  std::vector<Token> tokens;
  size_t at = 0;
  while (at < line.size()) {
    if (line[at] == ' ') {
      ++at;
      continue;
    }
    // A sign belongs to a number that it stands directly before, unless it follows a word or a number.
    const bool after = at > 0 && line[at - 1] != ' ' &&
                       std::string_view("([{=,:;/|").find(line[at - 1]) == std::string_view::npos;
    const size_t sign = line[at] == '-' && !after ? 1 : 0;
    if (at + sign < line.size() && digit(line[at + sign])) {
      size_t end = at + sign, decimals = 0;
      while (end < line.size() && digit(line[end])) ++end;
      bool whole = true;
      int exponent = 0;
      if (end < line.size() && line[end] == '.') {
        const size_t point = end++;
        while (end < line.size() && digit(line[end])) ++end;
        // A full stop after a whole number ends a sentence, unless this is NumPy's "2.".
        if (end == point + 1 && end == line.size()) {
          end = point;
        } else {
          whole = false;
          decimals = end - point - 1;
        }
      }
      size_t power = end;
      if (power < line.size() && (line[power] == 'e' || line[power] == 'E')) {
        ++power;
        if (power < line.size() && (line[power] == '-' || line[power] == '+')) ++power;
        if (power < line.size() && digit(line[power])) {
          const size_t first = line[end + 1] == '+' ? end + 2 : end + 1;
          while (power < line.size() && digit(line[power])) ++power;
          std::from_chars(line.data() + first, line.data() + power, exponent);
          end = power;
          whole = false;
        }
      }
      Token token{line.substr(at, end - at), true, whole, 0, 0};
      std::from_chars(line.data() + at, line.data() + end, token.value);
      token.unit = whole ? 0 : std::pow(10.0, exponent - static_cast<int>(decimals));
      tokens.push_back(token);
      at = end;
      continue;
    }
    size_t end = at + 1;
    while (end < line.size() && line[end] != ' ' && !digit(line[end]) && line[end] != '-') ++end;
    tokens.push_back({line.substr(at, end - at)});
    at = end;
  }
  return tokens;
}

bool same_token(const Token& a, const Token& b, const Block& block) {
  if (a.is_number != b.is_number) return false;
  if (!a.is_number) return a.text == b.text;
  if (block.numbers_vary) return true;
  if (a.is_whole && b.is_whole) return a.text == b.text;
  const double gap = std::abs(a.value - b.value);
  return gap <= block.tolerance * std::max(std::abs(a.value), std::abs(b.value)) ||
         gap <= 1.001 * std::min(a.unit, b.unit);
}

bool same_line(std::string_view a, std::string_view b, const Block& block) {
  std::vector<Token> left = tokens_of(a), right = tokens_of(b);
  if (block.numbers_vary) {  // a minus may come and go with its number
    const auto minus = [](const Token& token) { return token.text == "-"; };
    std::erase_if(left, minus);
    std::erase_if(right, minus);
  }
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [&](const Token& x, const Token& y) { return same_token(x, y, block); });
}

/// The targets of `[text](target)` and `![text](target)` outside of fenced blocks and of `code`.
std::vector<std::string> links_of(const std::string& readme) {
  std::string prose = readme;
  const std::vector<Block> blocks = blocks_of(readme);
  for (auto block = blocks.rbegin(); block != blocks.rend(); ++block) {
    prose.erase(block->begin, block->end - block->begin);
  }
  std::vector<std::string> links;
  for (std::string_view line : lines_of(prose)) {
    bool in_code = false, in_text = false;
    for (size_t i = 0; i + 1 < line.size(); ++i) {
      if (line[i] == '`') in_code = !in_code;
      if (in_code) continue;
      if (line[i] == '[') in_text = true;
      if (line[i] != ']' || line[i + 1] != '(' || !in_text) continue;
      const size_t end = line.find(')', i);
      if (end == std::string_view::npos) break;
      links.emplace_back(line.substr(i + 2, end - i - 2));
      in_text = false;
    }
  }
  return links;
}

std::set<std::string> svg_files(const std::filesystem::path& folder) {
  std::set<std::string> names;
  if (!std::filesystem::is_directory(folder)) return names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.insert(entry.path().filename().string());
  }
  return names;
}

}  // namespace

bool stands_in(const std::string& block, const std::string& source) {
  const std::vector<std::string_view> lines = lines_of(source);
  std::vector<std::vector<std::string_view>> pieces(1);
  for (const std::string_view line : dedented(lines_of(block))) {
    const size_t begin = indentation(line);
    if (line.substr(begin) == "// ...") {
      pieces.emplace_back();
    } else {
      pieces.back().push_back(line);
    }
  }
  size_t from = 0;
  bool any = false;
  for (auto& piece : pieces) {
    while (!piece.empty() && blank(piece.front())) piece.erase(piece.begin());
    while (!piece.empty() && blank(piece.back())) piece.pop_back();
    if (piece.empty()) continue;
    const size_t at = find_lines(piece, lines, from);
    if (at == std::string_view::npos) return false;
    from = at + piece.size();
    any = true;
  }
  return any;
}

std::string difference(const Block& block, const std::string& fresh) {
  const std::vector<std::string_view> shown = lines_of(block.text), printed = lines_of(fresh);
  for (size_t i = 0; i < std::max(shown.size(), printed.size()); ++i) {
    const std::string_view a = i < shown.size() ? shown[i] : "", b = i < printed.size() ? printed[i] : "";
    if (!same_line(a, b, block)) {
      return fmt::format("line {}: the README shows '{}' and the program prints '{}'",
                         block.line + static_cast<int>(i) + 1, a, b);
    }
  }
  return "";
}

std::vector<std::string> problems_of(const std::filesystem::path& folder, const std::string& output,
                                     const std::filesystem::path& figures) {
  const Page page{folder / "README.md", folder / "figures", folder.parent_path().parent_path()};
  std::vector<std::string> problems = problems_of(page, output, figures);
  if (read_file(page.file).find("\n*The one idea: ") == std::string::npos) {
    problems.insert(problems.begin(), "no line '*The one idea: ...*' says what the chapter is about");
  }
  return problems;
}

std::vector<std::string> problems_of(const Page& page, const std::string& output,
                                     const std::filesystem::path& drawn_folder) {
  std::vector<std::string> problems;
  const std::string readme = read_file(page.file);
  const std::filesystem::path folder = page.file.parent_path();
  // As links name it: "figures/".
  const std::string prefix = page.figures.lexically_relative(folder).generic_string() + "/";
  std::vector<std::string> sources;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string extension = entry.path().extension().string();
    if (extension == ".cpp" || extension == ".hpp" || extension == ".py")
      sources.push_back(read_file(entry.path()));
  }
  const auto sections = sections_of(output);
  for (const Block& block : blocks_of(readme)) {
    if (block.kind == Block::Kind::code) {
      const bool elsewhere = !block.name.empty();
      const bool stands = elsewhere ? stands_in(block.text, read_file(page.root / block.name))
                                    : std::any_of(sources.begin(), sources.end(), [&](const std::string& s) {
                                        return stands_in(block.text, s);
                                      });
      if (!stands) {
        problems.push_back(fmt::format("line {}: this code does not stand in {}", block.line,
                                       elsewhere ? block.name : "a source of the chapter"));
      }
    } else if (block.kind == Block::Kind::output) {
      const auto fresh = sections.find(block.name);
      const std::string what =
          fresh == sections.end()
              ? fmt::format("line {}: the program prints no section '{}'", block.line, block.name)
              : difference(block, fresh->second);
      if (!what.empty()) problems.push_back(what);
    }
  }

  std::set<std::string> shown;
  for (const std::string& link : links_of(readme)) {
    if (link.starts_with("http") || link.starts_with("#")) continue;
    const std::string file = link.substr(0, link.find('#'));
    if (file.starts_with(prefix)) shown.insert(file.substr(prefix.size()));
    if (!std::filesystem::exists(folder / file))
      problems.push_back(fmt::format("no file for the link '{}'", link));
  }
  const std::set<std::string> committed = svg_files(page.figures), drawn = svg_files(drawn_folder);
  for (const std::string& name : drawn) {
    if (!committed.contains(name)) problems.push_back(fmt::format("{}{} is not there", prefix, name));
    if (!shown.contains(name)) problems.push_back(fmt::format("{}{} is drawn and not shown", prefix, name));
  }
  for (const std::string& name : committed) {
    if (!drawn.contains(name))
      problems.push_back(fmt::format("{}{} is not drawn by the program", prefix, name));
  }
  return problems;
}

}  // namespace gradus::tutorials

#include "bert/text/lines.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <optional>
#include <system_error>

#include "autograd/error.hpp"
#include "autograd/system_reason.hpp"
#include "bert/text/text_kind.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

constexpr size_t block_bytes = size_t{1} << 20;

/// One character of valid UTF-8.
struct Character {
  char32_t code;
  size_t bytes;
};
Character character_at(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t code = bytes == 1 ? lead : lead & (0x7Fu >> bytes);
  for (size_t k = 1; k < bytes; ++k) {
    code = code << 6 | (static_cast<unsigned char>(text[at + k]) & 0x3Fu);
  }
  return {code, bytes};
}

/// Takes the white space from both ends of valid UTF-8. Nothing is left of a line that shows nothing.
std::string_view trim(std::string_view line) {
  size_t begin = 0, end = 0;  // of what is left
  bool shows = false;
  for (size_t at = 0; at < line.size();) {
    const auto [c, bytes] = character_at(line, at);
    at += bytes;
    if (is_white_space(c)) {
      if (end == 0) begin = at;
      continue;
    }
    end = at;
    shows = true;
    if (!is_dropped(c)) break;
    shows = false;
  }
  if (!shows) return {};
  for (end = line.size();;) {
    size_t last = end - 1;
    while ((static_cast<unsigned char>(line[last]) & 0xC0) == 0x80) --last;
    if (!is_white_space(character_at(line, last).code)) break;
    end = last;
  }
  return line.substr(begin, end - begin);
}

/// Checks lines, counts them and hands them on.
class CheckedLines {
 public:
  CheckedLines(std::string name, const LineSink& sink, AroundLines around)
      : name_(std::move(name)), sink_(sink), around_(around) {}

  void operator()(std::string_view line) {
    ++number_;
    if (number_ == 1 && line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
    if (line.find('\0') != std::string_view::npos)
      fail<FormatError>("{}, line {}: a NUL byte: this is not a text file", name_, number_);
    if (const auto bad = find_invalid_utf8(line); bad != std::string_view::npos)
      fail<FormatError>("{}, line {}: byte {} (0x{:02X}) is not UTF-8: save the file as UTF-8", name_,
                        number_, bad + 1, static_cast<unsigned>(static_cast<unsigned char>(line[bad])));
    const std::string_view trimmed = trim(line);
    sink_(around_ == AroundLines::is_kept && !trimmed.empty() ? line : trimmed);
  }

 private:
  std::string name_;
  const LineSink& sink_;
  AroundLines around_;
  int64_t number_ = 0;
};

/// How many bytes end a line at `at`, 0 if none do, or nothing if that depends on what follows the text.
std::optional<size_t> line_end_at(std::string_view text, size_t at, bool is_all) {
  using namespace std::literals;
  const std::string_view rest = text.substr(at);
  if (rest[0] == '\n') return 1;
  for (const std::string_view mark : {"\r\n"sv, "\u0085"sv, "\u2028"sv, "\u2029"sv}) {
    if (rest.starts_with(mark)) return mark.size();
    if (!is_all && mark.starts_with(rest)) return std::nullopt;
  }
  return rest[0] == '\r' ? 1 : 0;
}

/// Where a text that comes in blocks stands.
struct Place {
  size_t begin = 0;     // of the line that is not whole yet
  size_t searched = 0;  // up to here no more ends of lines are to be found
};

/// Hands on the lines of `text` from `place` on and returns the new place. `is_all`: no more text follows, so
/// that what is left is the last line.
Place consume_lines(std::string_view text, Place place, CheckedLines& lines, bool is_all) {
  static const auto may_end = [] {  // by the first byte of what ends a line
    std::array<bool, 256> table{};
    for (const unsigned char c : {'\n', '\r', '\xC2', '\xE2'}) table[c] = true;
    return table;
  }();
  auto [begin, at] = place;
  while (at < text.size()) {
    if (!may_end[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    const std::optional<size_t> bytes = line_end_at(text, at, is_all);
    if (!bytes) break;
    if (*bytes > 0) {
      lines(text.substr(begin, at - begin));
      begin = at + *bytes;
    }
    at += std::max<size_t>(*bytes, 1);
  }
  return {begin, at};
}

}  // namespace

void for_each_line(const std::filesystem::path& file, const LineSink& sink, AroundLines around) {
  std::error_code unused;
  if (!std::filesystem::exists(file, unused))
    fail<IoError>("cannot read {}: there is no such file", file.string());
  if (std::filesystem::is_directory(file, unused))
    fail<IoError>("cannot read {}: it is a folder, not a file", file.string());
  std::ifstream in(file, std::ios::binary);
  if (!in) fail<IoError>("cannot read {}: {}", file.string(), system_reason(errno));

  CheckedLines lines(file.string(), sink, around);
  std::string pending;  // the block just read, after the incomplete line that the last one left
  Place place;
  bool is_first = true;
  for (;;) {
    const size_t kept = pending.size();
    pending.resize(kept + block_bytes);
    in.read(pending.data() + kept, static_cast<std::streamsize>(block_bytes));
    pending.resize(kept + static_cast<size_t>(in.gcount()));
    if (in.bad()) fail<IoError>("cannot read {}: {}", file.string(), system_reason(errno));
    if (is_first) refuse_other_kinds(pending, file.string());
    is_first = false;
    const bool is_all = in.gcount() == 0;
    place = consume_lines(pending, place, lines, is_all);
    pending.erase(0, place.begin);
    place = {0, place.searched - place.begin};
    if (is_all) break;
  }
  if (!pending.empty()) lines(pending);
}

void for_each_line(std::string_view text, const std::string& name, const LineSink& sink) {
  refuse_other_kinds(text, name);
  CheckedLines lines(name, sink, AroundLines::is_removed);
  text.remove_prefix(consume_lines(text, {}, lines, true).begin);
  if (!text.empty()) lines(text);
}

}  // namespace gradus::bert

#include "bert/text/text_kind.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "autograd/error.hpp"
#include "autograd/lfs_pointer.hpp"
#include "plot/text.hpp"

namespace gradus::bert {
namespace {

using namespace std::literals;

/// The command that makes UTF-8 of the file, for a shell.
std::string conversion(std::string_view encoding, const std::string& name) {
  const auto quoted = [](const std::string& path) {
    constexpr std::string_view plain_characters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+@,:=~";
    if (path.find_first_not_of(plain_characters) == std::string::npos) return path;
    std::string out = "'";
    for (const char c : path) out += c == '\'' ? "'\\''" : std::string(1, c);
    return out + "'";
  };
  const std::string command = fmt::format("iconv -f {} -t UTF-8", encoding);
  const std::filesystem::path path(name);
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return command;  // standard input has no name
  const std::filesystem::path converted =
      path.parent_path() / (path.stem().string() + "-utf8" + path.extension().string());
  return fmt::format("{} {} > {}", command, quoted(name), quoted(converted.string()));
}

[[noreturn]] void refuse_encoding(std::string_view kind, std::string_view encoding, const std::string& name) {
  fail<FormatError>("{}: the text is in {}, and must be in UTF-8; convert it with {}", name, kind,
                    conversion(encoding, name));
}

/// How many ASCII characters there are in `bytes` if they are text in UTF-16 of one order of bytes: no half
/// of a pair alone, no control character, and white space, without which no text is. Else -1.
int64_t ascii_in_utf16(std::string_view bytes, bool big_endian) {
  bool has_space = false, after_high = false;
  int64_t ascii = 0;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto first = static_cast<unsigned char>(bytes[i]),
               second = static_cast<unsigned char>(bytes[i + 1]);
    const unsigned unit = big_endian ? first << 8u | second : second << 8u | first;
    const bool low = unit >= 0xDC00 && unit < 0xE000;
    if (low != after_high || unit >= 0xFFFE) return -1;
    after_high = unit >= 0xD800 && unit < 0xDC00;
    const bool space = unit == ' ' || (unit >= '\t' && unit <= '\r') || unit == 0x3000;
    if (unit < ' ' && !space) return -1;
    has_space |= space;
    ascii += unit < 0x80;
  }
  return has_space ? ascii : -1;
}

/// Zero bytes alone do not make UTF-16: a damaged text has a few, among good UTF-8.
bool is_no_utf8_with_stray_zeros(std::string_view bytes) {
  const auto zeros = std::count(bytes.begin(), bytes.end(), '\0');
  if (zeros == 0) return false;
  if (4 * zeros >= static_cast<std::ptrdiff_t>(bytes.size())) return true;
  const size_t bad = plot::find_invalid_utf8(bytes);
  return bad != std::string_view::npos && bad + 4 < bytes.size();  // nearer the end it may be cut in two
}

}  // namespace

void refuse_other_kinds(std::string_view beginning, const std::string& name) {
  beginning = beginning.substr(0, text_kind_bytes);
  refuse_lfs_pointer(beginning, name);
  // UTF-32's mark in little-endian order begins as that of UTF-16 does.
  if (beginning.starts_with("\xFF\xFE\0\0"sv) || beginning.starts_with("\0\0\xFE\xFF"sv)) {
    refuse_encoding("UTF-32", "UTF-32", name);
  }
  if (beginning.starts_with("\xFF\xFE"sv) || beginning.starts_with("\xFE\xFF"sv)) {
    refuse_encoding("UTF-16", "UTF-16", name);
  }
  const bool is_even = beginning.size() % 2 == 0;
  if (!is_even || !is_no_utf8_with_stray_zeros(beginning)) return;
  // Some texts read in both orders: a digit 0 (U+0030) is a white space (U+3000) in the wrong one. The right
  // one has more ASCII, be it for its ends of lines alone.
  const int64_t little = ascii_in_utf16(beginning, false), big = ascii_in_utf16(beginning, true);
  if (little < 0 && big < 0) return;
  refuse_encoding("UTF-16", little >= big ? "UTF-16LE" : "UTF-16BE", name);
}

}  // namespace gradus::bert

#include "app/terminal/visible_text.hpp"

#include <fmt/format.h>

#include <cstddef>

namespace gradus::app {
namespace {

unsigned byte_at(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }

/// How many bytes the character at `i` has, going by its first byte; 1 where others are missing.
size_t length_at(std::string_view text, size_t i) {
  const unsigned first = byte_at(text, i);
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 1;
  if (length > text.size() - i) return 1;
  for (size_t k = 1; k < length; ++k)
    if ((byte_at(text, i + k) & 0xC0) != 0x80) return 1;
  return length;
}

}  // namespace

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0, length = 0; i < text.size(); i += length) {
    length = length_at(text, i);
    const unsigned first = byte_at(text, i);
    const bool ends_line = text.substr(i, 2) == "\r\n";
    if (first == 0x7F || (first < 0x20 && first != '\n' && first != '\t' && !ends_line)) {
      out += fmt::format("\\u{:04x}", first);
    } else if (length == 2 && first == 0xC2 && byte_at(text, i + 1) < 0xA0) {
      out += fmt::format("\\u{:04x}", byte_at(text, i + 1));
    } else if (length == 1 && first >= 0x80 && first < 0xA0) {
      out += fmt::format("\\x{:02x}", first);
    } else {
      out += text.substr(i, length);
    }
  }
  return out;
}

}  // namespace gradus::app

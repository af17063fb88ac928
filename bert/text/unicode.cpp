#include "bert/text/unicode.hpp"

#include <utf8proc.h>

#include <algorithm>
#include <array>

#include "autograd/error.hpp"

namespace gradus::bert {
namespace {

constexpr size_t all_valid = std::string_view::npos;

/// Appends code points up to the first invalid byte; the offset of that byte, or all_valid.
size_t decode_valid_prefix(std::string_view text, std::u32string& out) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
  const size_t size = text.size();
  for (size_t i = 0; i < size;) {
    const unsigned char lead = bytes[i];
    if (lead < 0x80) {
      out.push_back(lead);
      ++i;
      continue;
    }
    // How many bytes follow, and the smallest value that needs that many: below it the form is overlong.
    int follow = 0;
    char32_t least = 0;
    if (lead >= 0xC2 && lead <= 0xDF) {
      follow = 1, least = 0x80;
    } else if ((lead & 0xF0) == 0xE0) {
      follow = 2, least = 0x800;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      follow = 3, least = 0x10000;
    } else {
      return i;
    }
    if (size - i <= static_cast<size_t>(follow)) return i;
    char32_t c = lead & (0x3Fu >> follow);
    for (int k = 1; k <= follow; ++k) {
      if ((bytes[i + k] & 0xC0) != 0x80) return i;
      c = c << 6 | (bytes[i + k] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return i;
    out.push_back(c);
    i += static_cast<size_t>(follow) + 1;
  }
  return all_valid;
}

utf8proc_category_t category(char32_t c) { return utf8proc_category(static_cast<utf8proc_int32_t>(c)); }

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

}  // namespace

void decode_utf8(std::string_view text, std::u32string& out) {
  out.reserve(out.size() + text.size());
  const size_t bad = decode_valid_prefix(text, out);
  if (bad == all_valid) return;
  fail<FormatError>("text is not UTF-8: byte 0x{:02X} at offset {}", static_cast<unsigned char>(text[bad]),
                    bad);
}

std::u32string decode_utf8(std::string_view text) {
  std::u32string out;
  decode_utf8(text, out);
  return out;
}

void append_utf8(std::string& out, char32_t c) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xC0 | c >> 6);
  } else {
    if (c < 0x10000) {
      put(0xE0 | c >> 12);
    } else {
      put(0xF0 | c >> 18);
      put(0x80 | (c >> 12 & 0x3F));
    }
    put(0x80 | (c >> 6 & 0x3F));
  }
  put(0x80 | (c & 0x3F));
}

std::string encode_utf8(std::u32string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char32_t c : text) append_utf8(out, c);
  return out;
}

size_t count_code_points(std::string_view text) {
  const auto starts = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; };
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), starts));
}

void check_utf8_file(std::string_view content, std::string_view name) {
  std::u32string ignored;
  for (size_t line = 1; !content.empty(); ++line) {
    const size_t length = std::min(content.find('\n'), content.size() - 1) + 1;
    ignored.clear();
    const size_t bad = decode_valid_prefix(content.substr(0, length), ignored);
    if (bad != all_valid) {
      fail<FormatError>("{}: line {} is not UTF-8: byte 0x{:02X} at its offset {}", name, line,
                        static_cast<unsigned char>(content[bad]), bad);
    }
    content.remove_prefix(length);
  }
}

bool is_white_space(char32_t c) {
  if (c < 0x80) return c == ' ' || within(c, '\t', '\r');
  if (c == 0x85) return true;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_ZS || kind == UTF8PROC_CATEGORY_ZL || kind == UTF8PROC_CATEGORY_ZP;
}

bool is_dropped(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  if (c < 0x80) return c < 0x20 || c == 0x7F;
  if (c == 0xFFFD) return true;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_CC || kind == UTF8PROC_CATEGORY_CF || kind == UTF8PROC_CATEGORY_CO;
}

bool is_punctuation(char32_t c) {
  if (c < 0x80) {
    return within(c, '!', '/') || within(c, ':', '@') || within(c, '[', '`') || within(c, '{', '~');
  }
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_PC && kind <= UTF8PROC_CATEGORY_PO;
}

bool is_cjk_ideograph(char32_t c) {
  return within(c, 0x4E00, 0x9FFF) || within(c, 0x3400, 0x4DBF) || within(c, 0x20000, 0x2A6DF) ||
         within(c, 0x2A700, 0x2B81F) || within(c, 0x2B920, 0x2CEAF) || within(c, 0xF900, 0xFAFF) ||
         within(c, 0x2F800, 0x2FA1F);
}

bool is_letter(char32_t c) {
  const auto kind = category(c);
  return kind >= UTF8PROC_CATEGORY_LU && kind <= UTF8PROC_CATEGORY_ME;
}

bool is_nonspacing_mark(char32_t c) { return category(c) == UTF8PROC_CATEGORY_MN; }

bool is_private_use(char32_t c) { return category(c) == UTF8PROC_CATEGORY_CO; }

bool is_cased(char32_t c) {
  const auto kind = category(c);
  if (kind == UTF8PROC_CATEGORY_LU || kind == UTF8PROC_CATEGORY_LL || kind == UTF8PROC_CATEGORY_LT)
    return true;
  const auto code = static_cast<utf8proc_int32_t>(c);
  return c == 0xAA || c == 0xBA || utf8proc_toupper(code) != code || utf8proc_tolower(code) != code;
}

bool is_case_ignorable(char32_t c) {
  constexpr std::u32string_view within_words =
      U"'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";
  if (within_words.find(c) != std::u32string_view::npos) return true;
  const auto kind = category(c);
  return kind == UTF8PROC_CATEGORY_MN || kind == UTF8PROC_CATEGORY_ME || kind == UTF8PROC_CATEGORY_CF ||
         kind == UTF8PROC_CATEGORY_LM || kind == UTF8PROC_CATEGORY_SK;
}

int combining_class(char32_t c) {
  return utf8proc_get_property(static_cast<utf8proc_int32_t>(c))->combining_class;
}

void append_decomposition(std::u32string& out, char32_t c) {
  if (c < 0xC0) return out.push_back(c);  // the first letter with an accent
  // The longest canonical decomposition in Unicode has four characters.
  std::array<utf8proc_int32_t, 16> parts{};
  int boundary_class = UTF8PROC_BOUNDCLASS_START;
  const auto count = utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts.data(), parts.size(),
                                             UTF8PROC_DECOMPOSE, &boundary_class);
  for (utf8proc_ssize_t k = 0; k < count; ++k) out.push_back(static_cast<char32_t>(parts[k]));
}

void append_lower_case(std::u32string& out, char32_t c) {
  if (c == 0x130) {
    out.append(U"i\u0307");
    return;
  }
  out.push_back(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(c))));
}

}  // namespace gradus::bert

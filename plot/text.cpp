#include "plot/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gradus::plot {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view en_dash = "\xE2\x80\x93";                // en dash
constexpr std::string_view no_break_space = "\xC2\xA0";             // no-break space

std::string set_apart(std::string digits) {
  for (size_t end = digits.size(); end > 3; end -= 3) digits.insert(end - 3, ",");
  return digits;
}

}  // namespace

size_t find_invalid_utf8(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  for (size_t i = 0; i < text.size();) {
    const unsigned char lead = byte(i);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                          : lead >= 0xE0 && lead <= 0xEF ? 3
                          : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                         : 0;
    if (length == 0 || i + length > text.size()) return i;
    // The second byte's range shuts out overlong forms (E0, F0), surrogates (ED) and what is too large (F4).
    const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (byte(i + 1) < low || byte(i + 1) > high) return i;
    for (size_t k = 2; k < length; ++k)
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string well_formed(std::string_view text) {
  std::string clean;
  for (;;) {
    const size_t bad = find_invalid_utf8(text);
    clean += text.substr(0, bad);
    if (bad == std::string_view::npos) return clean;
    clean += replacement_character;
    text.remove_prefix(bad + 1);
  }
}

std::string escape(std::string_view text) {
  std::string safe;
  for (const char c : well_formed(text)) {
    switch (c) {
      case '&':
        safe += "&amp;";
        break;
      case '<':
        safe += "&lt;";
        break;
      case '>':
        safe += "&gt;";
        break;
      case '"':
        safe += "&quot;";
        break;
      case '\'':
        safe += "&#39;";
        break;
      default:
        if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n') || c == 0x7F) {
          safe += replacement_character;
        } else {
          safe += c;
        }
    }
  }
  return safe;
}

std::string number(double value, int digits) {
  if (std::isnan(value)) return std::string(en_dash);
  if (std::isinf(value)) return value < 0 ? "-\xE2\x88\x9E" : "\xE2\x88\x9E";
  const double size = std::abs(value);
  if (size < 999.5 || size >= 1e15) return fmt::format("{:.{}g}", value, std::max(digits, 3));
  return (value < 0 ? "-" : "") + set_apart(fmt::format("{:.0f}", size));
}

std::string percent(double fraction, int decimals) {
  if (!std::isfinite(fraction)) return std::string(en_dash);
  return fmt::format("{:.{}f}{}%", 100 * fraction, decimals, no_break_space);
}

std::string count(int64_t value) {
  const std::string digits = fmt::format("{}", value);
  return value < 0 ? "-" + set_apart(digits.substr(1)) : set_apart(digits);
}

double text_width(std::string_view text, double size) {
  double ems = 0;
  for (const char c : text) {
    if ((static_cast<unsigned char>(c) & 0xC0) == 0x80) continue;  // inside a character
    const bool narrow = std::string_view(" .,:;'|iljtf()[]!").find(c) != std::string_view::npos;
    const bool wide = std::string_view("mwMW").find(c) != std::string_view::npos;
    ems += narrow ? 0.36 : wide ? 0.92 : c >= 'A' && c <= 'Z' ? 0.72 : 0.62;
  }
  return ems * size;
}

double title_width(std::string_view title) {
  double more = 0;  // what is bold and wide is wider still
  for (const char c : title) more += std::string_view("%@").find(c) != std::string_view::npos ? 0.32 : 0;
  return (text_width(title, 1.0) * 1.13 + more) * 14;
}

std::string text_at(double x, double y, std::string_view anchor, std::string_view kind,
                    std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
                     anchor, kind, escape(text));
}

}  // namespace gradus::plot

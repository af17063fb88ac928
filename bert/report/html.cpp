#include "bert/report/html.hpp"

#include <fmt/format.h>

#include <cmath>

namespace gradus::bert::html {
namespace {

constexpr std::string_view en_dash = "\xE2\x80\x93";     // en dash
constexpr std::string_view no_break_space = "\xC2\xA0";  // no-break space

}  // namespace

std::string json_string(std::string_view text) {
  const std::string clean = plot::well_formed(text);
  std::string quoted = "\"";
  for (size_t i = 0; i < clean.size(); ++i) {
    const char c = clean[i];
    const std::string_view rest = std::string_view(clean).substr(i, 3);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || c == '<' || c == '>' || c == '&') {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else if (rest == "\xE2\x80\xA8" || rest == "\xE2\x80\xA9") {
      quoted += rest.back() == '\xA8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

std::string base64(std::span<const uint8_t> bytes) {
  static constexpr std::string_view base64_digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const uint32_t group = (static_cast<uint32_t>(bytes[i]) << 16) |
                           (left > 1 ? static_cast<uint32_t>(bytes[i + 1]) << 8 : 0) |
                           (left > 2 ? static_cast<uint32_t>(bytes[i + 2]) : 0);
    text += base64_digits[group >> 18];
    text += base64_digits[(group >> 12) & 63];
    text += left > 1 ? base64_digits[(group >> 6) & 63] : '=';
    text += left > 2 ? base64_digits[group & 63] : '=';
  }
  return text;
}

std::string duration(double seconds) {
  if (!(seconds >= 0) || std::isinf(seconds)) return std::string(en_dash);
  if (seconds < 59.95) return fmt::format("{:.1f}{}s", seconds, no_break_space);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600)
    return fmt::format("{}{}min {:02}{}s", whole / 60, no_break_space, whole % 60, no_break_space);
  return fmt::format("{}{}h {:02}{}min", whole / 3600, no_break_space, whole / 60 % 60, no_break_space);
}

bool joins_left(std::string_view piece) {
  if (piece.size() > 2 && piece.starts_with("##")) return true;
  return piece.size() == 1 && std::string_view(".,;:!?)").find(piece[0]) != std::string_view::npos;
}

std::string table(const std::string& heading, const KeyValues& entries) {
  if (entries.empty()) return "";
  std::string out = fmt::format("<h2>{}</h2>\n<div class=\"scroll\"><table><tbody>\n", escape(heading));
  for (const auto& [key, value] : entries)
    out += fmt::format("<tr><th scope=\"row\">{}</th><td>{}</td></tr>\n", escape(key), escape(value));
  return out + "</tbody></table></div>\n";
}

std::string_view page_style() {
  return "\n"
#include "bert/report/page_style.css.inc"
      ;
}

std::string render(const Page& page) {
  std::string text = fmt::format(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
      "style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n"
      "<title>{0}</title>\n<style>\n{1}{2}{3}</style>\n</head>\n<body>\n<main>\n<header><h1>{0}</h1>",
      escape(page.title), palette(":root"), page_style(), page.style);
  if (!page.subtitle.empty()) text += fmt::format("<p class=\"soft\">{}</p>", escape(page.subtitle));
  text += "</header>\n" + page.body + "</main>\n";
  if (!page.script.empty()) text += "<script>\n" + page.script + "</script>\n";
  return text + "</body>\n</html>\n";
}

}  // namespace gradus::bert::html

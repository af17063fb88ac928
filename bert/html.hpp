/// @file
/// Small helpers for pages that stand alone: text made safe, figures made readable, and the frame of a page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace gradus::bert::html {

/// `text` for an HTML or SVG text or quoted attribute: `& < > " '` become entities. Bytes that are not UTF-8
/// and control characters (but tab and newline) become U+FFFD, so the result is well-formed XML too.
std::string escape(std::string_view text);

/// `text` as a JSON string with its quotes. Nothing in it can end a script element or a JavaScript line:
/// `< > &`, U+2028 and U+2029 are written as `\uXXXX`. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// RFC 4648, section 4, with padding.
std::string base64(std::span<const std::uint8_t> bytes);

/// `value` with `digits` significant digits, at least 3, and no trailing zeros: 0.0123, 4.1, 1.2e-05 (below
/// 0.0001); from 1,000 on as a whole number. NaN is an en dash, infinity its sign.
std::string number(double value, int digits = 3);

/// `fraction` as `72.4 %`, the space not breaking. NaN is an en dash.
std::string percent(double fraction, int decimals = 1);

/// `value` with its thousands set apart: 1,234,567.
std::string count(std::int64_t value);

/// `seconds` as `8.2 s`, `3 min 05 s` or `2 h 07 min`. NaN or a negative number is an en dash.
std::string duration(double seconds);

/// True if a piece stands without a space after the one before it: `##ing`, or closing punctuation.
bool joins_left(std::string_view piece);

/// What makes one page; `body`, `style` and `script` are HTML, CSS and JavaScript that are taken as they are.
struct Page {
  std::string title;     ///< plain text; the heading too
  std::string subtitle;  ///< plain text; may be empty
  std::string body;
  std::string style;   ///< what the page needs beside `page_style()`
  std::string script;  ///< runs after the body has been read; may be empty
};

/// The whole page. It asks for nothing outside itself, and its content security policy says so to the
/// browser; it follows the reader's light or dark scheme, fits a phone and can be printed.
std::string render(const Page& page);

/// The style sheet that every page starts with.
std::string_view page_style();

/// The colours, as CSS variables of `selector` for the light and the dark scheme: --paper, --panel, --ink,
/// --soft, --line, --good, --heat and --series-1 to --series-4.
std::string palette(std::string_view selector);

}  // namespace gradus::bert::html

/// @file
/// Small helpers for pages that stand alone: text made safe, figures made readable, and the frame of a page.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plot/svg_file.hpp"
#include "plot/text.hpp"

namespace gradus::bert {

/// Names and what stands beside them: settings, for example.
using KeyValues = std::vector<std::pair<std::string, std::string>>;

}  // namespace gradus::bert

namespace gradus::bert::html {

// What a page shares with the pictures in it.
using plot::count;
using plot::escape;
using plot::number;
using plot::palette;
using plot::percent;

/// `text` as a JSON string with its quotes. Nothing in it can end a script element or a JavaScript line:
/// `< > &`, U+2028 and U+2029 are written as `\uXXXX`. Bytes that are not UTF-8 become U+FFFD.
std::string json_string(std::string_view text);

/// RFC 4648, section 4, with padding.
std::string base64(std::span<const uint8_t> bytes);

/// `seconds` as `8.2 s`, `3 min 05 s` or `2 h 07 min`. NaN or a negative number is an en dash.
std::string duration(double seconds);

/// True if a piece stands without a space after the one before it: `##ing`, or closing punctuation.
bool joins_left(std::string_view piece);

/// A heading, and a table of two columns below it; nothing for no entries.
std::string table(const std::string& heading, const KeyValues& entries);

/// What makes one page; `body`, `style` and `script` are HTML, CSS and JavaScript that are taken as they are.
struct Page {
  std::string title;     ///< plain text; the heading too
  std::string subtitle;  ///< plain text; may be empty
  std::string body;
  std::string style;   ///< what the page needs beside `page_style()`
  std::string script;  ///< runs after the body has been read; may be empty
};

/// The whole page. It loads nothing from outside itself, and its content security policy says so to the
/// browser; it follows the reader's light or dark scheme, fits a phone and can be printed.
std::string render(const Page& page);

/// The style sheet that every page starts with.
std::string_view page_style();

}  // namespace gradus::bert::html

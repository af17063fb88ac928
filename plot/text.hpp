/// @file
/// Text for pictures and pages: made safe, measured, and figures made readable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace gradus::plot {

/// The index of the first byte that does not belong to well-formed UTF-8 (Unicode 15, table 3-7: no overlong
/// forms, no surrogates, nothing above U+10FFFF), or `std::string_view::npos`.
size_t find_invalid_utf8(std::string_view text);

/// `text` with U+FFFD for every byte that is not UTF-8.
std::string well_formed(std::string_view text);

/// `text` for an HTML or SVG text or quoted attribute: `& < > " '` become entities. Bytes that are not UTF-8
/// and control characters (but tab and newline) become U+FFFD, so the result is well-formed XML too.
std::string escape(std::string_view text);

/// `value` with `digits` significant digits, at least 3, and no trailing zeros: 0.0123, 4.1, 1.2e-05 (below
/// 0.0001); from 1,000 on as a whole number. NaN is an en dash, infinity its sign.
std::string number(double value, int digits = 3);

/// `fraction` as `72.4 %`, the space not breaking. NaN is an en dash.
std::string percent(double fraction, int decimals = 1);

/// `value` with its thousands set apart: 1,234,567.
std::string count(int64_t value);

/// The width of `text` in CSS pixels at `size`, estimated from its characters: an SVG cannot measure.
double text_width(std::string_view text, double size = 12);

/// That of a title: 14 pixels, bold.
double title_width(std::string_view title);

/// `text` as an SVG element at (x, y) in pixels: `anchor` is start, middle or end, `kind` its CSS classes.
std::string text_at(double x, double y, std::string_view anchor, std::string_view kind,
                    std::string_view text);

}  // namespace gradus::plot

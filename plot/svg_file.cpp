#include "plot/svg_file.hpp"

#include <fmt/format.h>

#include "plot/text.hpp"

namespace gradus::plot {
namespace {

constexpr std::string_view light_colors =
    "--paper:#ffffff;--panel:#f5f6f8;--ink:#1b1d21;--soft:#5b606b;--line:#d8dbe1;--good:#0d7a4e;"
    "--heat:#0b4a9e;--series-1:#1f6fd6;--series-2:#c2570c;--series-3:#0e8a60;--series-4:#8548c4";
constexpr std::string_view dark_colors =
    "--paper:#14161a;--panel:#1d2026;--ink:#e9eaed;--soft:#a5aab5;--line:#363b44;--good:#4dd29a;"
    "--heat:#8fc4ff;--series-1:#6cabff;--series-2:#f19a57;--series-3:#45c795;--series-4:#c59df3";

}  // namespace

std::string palette(std::string_view selector) {
  return fmt::format(
      "{0} {{ color-scheme: light dark; {1} }}\n"
      "@media screen and (prefers-color-scheme: dark) {{ {0} {{ {2} }} }}\n",
      selector, light_colors, dark_colors);
}

std::string_view svg_style() {
  return
#include "plot/svg_style.css.inc"
      ;
}

std::string svg_file(int width, int height, std::string_view label, std::string_view body) {
  constexpr int margin = 12;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"-{2} -{2} {0} {1}\" role=\"img\" aria-label=\"{3}\">\n<style>\n{4}{5}</style>\n"
      "<rect class=\"ground\" x=\"-{2}\" y=\"-{2}\" width=\"{0}\" height=\"{1}\" rx=\"8\"/>\n{6}</svg>\n",
      width + 2 * margin, height + 2 * margin, margin, escape(label), palette("svg"), svg_style(), body);
}

}  // namespace gradus::plot

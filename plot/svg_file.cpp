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
  return R"css(.chart text { font: 12px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  fill: var(--ink); }
.chart .title { font-size: 14px; font-weight: 600; }
.chart .tick { fill: var(--soft); }
.chart .small { font-size: 11px; }
.chart .grid { stroke: var(--line); stroke-width: 1; opacity: .7; }
.chart .axis { stroke: var(--soft); stroke-width: 1; }
.chart .guide { stroke: var(--soft); stroke-width: 1.25; stroke-dasharray: 5 4; }
.chart .guide-label { fill: var(--soft); paint-order: stroke; stroke: var(--paper); stroke-width: 4px;
  stroke-linejoin: round; }
.chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.chart .faint { stroke-width: 1; opacity: .35; }
.chart .dashed { stroke-dasharray: 6 4; }
.chart .c1 { stroke: var(--series-1); } .chart .c2 { stroke: var(--series-2); }
.chart .c3 { stroke: var(--series-3); } .chart .c4 { stroke: var(--series-4); }
.chart .dot { stroke: var(--paper); stroke-width: 1; }
.chart .dot.c1 { fill: var(--series-1); } .chart .dot.c2 { fill: var(--series-2); }
.chart .dot.c3 { fill: var(--series-3); } .chart .dot.c4 { fill: var(--series-4); }
.chart .cell { fill: var(--heat); } .chart .cold { fill: var(--series-2); }
.chart .bar { stroke: none; }
.chart .bar.c1 { fill: var(--series-1); } .chart .bar.c2 { fill: var(--series-2); }
.chart .bar.c3 { fill: var(--series-3); } .chart .bar.c4 { fill: var(--series-4); }
.chart .box { fill: var(--panel); stroke: var(--soft); stroke-width: 1; }
.chart .box.strong { stroke: var(--series-1); stroke-width: 2.5; }
.chart .name { font-weight: 600; } .chart .gradient { fill: var(--series-2); }
.chart .arrow { fill: none; stroke: var(--soft); stroke-width: 1.5; } .chart .head { fill: var(--soft); }
.chart .frame { fill: none; stroke: var(--line); }
.chart .ground { fill: var(--paper); }
)css";
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

#include "bert/svg_file.hpp"

#include <fmt/format.h>

#include "bert/html.hpp"

namespace gradus::bert {

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
.chart .c1 { stroke: var(--series-1); } .chart .c2 { stroke: var(--series-2); }
.chart .c3 { stroke: var(--series-3); } .chart .c4 { stroke: var(--series-4); }
.chart .dot { stroke: var(--paper); stroke-width: 1; }
.chart .dot.c1 { fill: var(--series-1); } .chart .dot.c2 { fill: var(--series-2); }
.chart .dot.c3 { fill: var(--series-3); } .chart .dot.c4 { fill: var(--series-4); }
.chart .cell { fill: var(--heat); }
.chart .frame { fill: none; stroke: var(--line); }
.chart .ground { fill: var(--paper); }
)css";
}

std::string svg_file(int width, int height, std::string_view label, std::string_view body) {
  constexpr int kMargin = 12;
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" width=\"{0}\" height=\"{1}\" "
      "viewBox=\"-{2} -{2} {0} {1}\" role=\"img\" aria-label=\"{3}\">\n<style>\n{4}{5}</style>\n"
      "<rect class=\"ground\" x=\"-{2}\" y=\"-{2}\" width=\"{0}\" height=\"{1}\" rx=\"8\"/>\n{6}</svg>\n",
      width + 2 * kMargin, height + 2 * kMargin, kMargin, html::escape(label), html::palette("svg"),
      svg_style(), body);
}

}  // namespace gradus::bert

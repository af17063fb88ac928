#include "plot/bars.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "plot/chart_axis.hpp"
#include "plot/text.hpp"

namespace gradus::plot {
namespace {

void check(const Bars& bars) {
  if (bars.groups.empty() || bars.series.empty())
    fail<ShapeError>("bars \"{}\": there is nothing to draw", bars.title);
  if (bars.width < 200 || bars.height < 160) {
    fail<ShapeError>("bars \"{}\": {} x {} pixels are too few, 200 x 160 is the least", bars.title,
                     bars.width, bars.height);
  }
  for (const BarSeries& series : bars.series) {
    if (series.values.size() != bars.groups.size()) {
      fail<ShapeError>("bars \"{}\": series \"{}\" has {} {} for {} {}", bars.title, series.name,
                       series.values.size(), plural(series.values.size(), "value"), bars.groups.size(),
                       plural(bars.groups.size(), "group"));
    }
    if (series.color < 1 || series.color > 4) {
      fail<ShapeError>("bars \"{}\": colour {} of series \"{}\" is not 1 to 4", bars.title, series.color,
                       series.name);
    }
  }
}

}  // namespace

Picture draw(const Bars& bars) {
  check(bars);
  Picture picture{bars.width, bars.height, bars.title, ""};
  std::string& out = picture.body;
  out += text_at(0, 16, "start", "title", bars.title);
  double top = 30, legend = 0;
  for (const BarSeries& series : bars.series) {
    if (series.name.empty()) continue;
    const double width = 18 + text_width(series.name) + 14;
    if (legend == 0 || legend + width > bars.width + 14) {
      legend = 0;
      top += 18;
    }
    out += fmt::format("<rect class=\"bar c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"12\" height=\"10\"/>\n",
                       series.color, legend, top - 19);
    out += text_at(legend + 18, top - 10, "start", "", series.name);
    legend += width;
  }
  if (legend > 0) top += 6;  // the highest tick's label reaches above the axis

  detail::ChartAxis axis(false, bars.percent, false);
  axis.include(0);
  for (const BarSeries& series : bars.series) {
    for (const double value : series.values) axis.include(value);
  }
  axis.settle(std::max(2, bars.height / 60), bars.numbers ? 0.1 : 0.04);
  double widest = 0;
  for (const double tick : axis.ticks()) widest = std::max(widest, text_width(axis.label(tick)));
  const double left = widest + 8, right = bars.width, bottom = bars.height - (bars.x_label.empty() ? 24 : 42);
  axis.place(bottom, top);
  for (const double tick : axis.ticks()) {
    const double y = axis.pixel(tick);
    out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\" class=\"{}\"/>\n", left,
                       right, y, y, tick == 0 ? "axis" : "grid");
    out += text_at(left - 6, y + 4, "end", "tick", axis.label(tick));
  }
  const double zero = axis.pixel(0), step = (right - left) / static_cast<double>(bars.groups.size());
  const double wide = std::min(step * 0.76 / static_cast<double>(bars.series.size()), 56.0);
  for (size_t g = 0; g < bars.groups.size(); ++g) {
    const double middle = left + (static_cast<double>(g) + 0.5) * step;
    out += text_at(middle, bottom + 16, "middle", "tick", bars.groups[g]);
    double x = middle - wide * static_cast<double>(bars.series.size()) / 2;
    for (const BarSeries& series : bars.series) {
      const double value = series.values[g];
      if (std::isfinite(value)) {
        const double y = axis.pixel(value);
        const std::string label = bars.percent ? plot::percent(value) : number(value);
        out += fmt::format(
            "<rect class=\"bar c{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" "
            "height=\"{:.1f}\"><title>{}</title></rect>\n",
            series.color, x + 1, std::min(y, zero), wide - 2, std::abs(y - zero), escape(label));
        if (bars.numbers) {
          out += text_at(x + wide / 2, value < 0 ? y + 14 : y - 4, "middle", "small guide-label", label);
        }
      }
      x += wide;
    }
  }
  out += text_at((left + right) / 2, bottom + 36, "middle", "tick", bars.x_label);
  return picture;
}

}  // namespace gradus::plot

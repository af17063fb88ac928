/// @file
/// Chapter 21's pictures: operations below the roofline, and shares of the peak.
#pragma once

#include <fmt/format.h>

#include <cmath>

#include "counting.hpp"
#include "plot/plot.hpp"
#include "timing.hpp"

namespace gradus::tutorials::speed {

/// An operation that was counted and then timed.
struct Timed {
  std::string name;
  Work work;
  double seconds = 0;
  double flops_a_second() const { return static_cast<double>(work.flops) / seconds; }
};

/// A place in a picture with two logarithmic axes.
struct LogAxis {
  double low = 1, high = 10, from = 0, to = 1;
  double at(double value) const { return from + (to - from) * std::log(value / low) / std::log(high / low); }
};

inline std::string text_at(double x, double y, std::string_view anchor, std::string_view kind,
                           std::string_view text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\" class=\"{}\">{}</text>\n", x, y,
                     anchor, kind, plot::escape(text));
}

/// A roof as a line: up along the bandwidth, and level from the ridge on.
inline std::string roof_line(const Machine& machine, const LogAxis& x, const LogAxis& y, int color) {
  std::string points;
  for (const double intensity : {x.low, machine.ridge(), x.high})
    points += fmt::format("{:.1f},{:.1f} ", x.at(intensity), y.at(roof(machine, intensity)));
  return fmt::format("<polyline class=\"line c{}\" points=\"{}\"/>\n", color, points);
}

/// Operations a second against intensity, with both roofs: from memory, and from the nearest cache.
inline plot::Picture draw_roofline(const std::vector<Timed>& operations, const OneThread& machine) {
  plot::Picture picture{680, 400, "Operations a second against intensity; all dots are below the roof", ""};
  const LogAxis x{0.05, 200, 54, 440};
  const LogAxis y{roof(machine.far(), x.low) / 2, 2 * machine.flops, 350, 30};
  std::string& out = picture.body;
  out += text_at(0, 16, "start", "title", "GFLOP/s on one thread, below the roof");
  for (const double tick : {0.1, 1.0, 10.0, 100.0}) {
    out += fmt::format("<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"30\" y2=\"350\"/>\n",
                       x.at(tick));
    out += text_at(x.at(tick), 368, "middle", "tick", plot::number(tick));
  }
  for (const double tick : plot::log_ticks(y.low / 1e9, y.high / 1e9)) {
    if (tick * 1e9 < y.low || tick * 1e9 > y.high) continue;
    out += fmt::format("<line class=\"grid\" x1=\"54\" x2=\"440\" y1=\"{0:.1f}\" y2=\"{0:.1f}\"/>\n",
                       y.at(tick * 1e9));
    out += text_at(48, y.at(tick * 1e9) + 4, "end", "tick", plot::number(tick));
  }
  out += text_at(247, 390, "middle", "tick", "operations a byte");
  out += roof_line(machine.far(), x, y, 2) + roof_line(machine.near(), x, y, 1);
  for (size_t i = 0; i < operations.size(); ++i) {
    const double at = x.at(operations[i].work.intensity()), up = y.at(operations[i].flops_a_second());
    out += fmt::format("<circle class=\"dot c3\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", at, up);
    out += text_at(at + 6, up + 13, "start", "small", fmt::format("{}", i + 1));
    out += text_at(458, 48 + 18 * static_cast<double>(i), "start", "small",
                   fmt::format("{}  {}", i + 1, operations[i].name));
  }
  const double end = 60 + 18 * static_cast<double>(operations.size());
  for (const auto& [color, name] :
       {std::pair{1, "roof of the nearest cache"}, std::pair{2, "roof of the memory"}}) {
    const double line = end + 18 * color;
    out += fmt::format("<line class=\"line c{0}\" x1=\"458\" x2=\"476\" y1=\"{1:.1f}\" y2=\"{1:.1f}\"/>\n",
                       color, line - 4);
    out += text_at(482, line, "start", "small", name);
  }
  return picture;
}

/// Shares of the peak as bars.
inline plot::Picture draw_shares(const std::string& title,
                                 const std::vector<std::pair<std::string, double>>& shares) {
  plot::Bars bars;
  bars.title = title;
  bars.percent = true;
  bars.width = 640;
  bars.series.push_back({});
  for (const auto& [name, share] : shares) {
    bars.groups.push_back(name);
    bars.series[0].values.push_back(share);
  }
  return plot::draw(bars);
}

}  // namespace gradus::tutorials::speed

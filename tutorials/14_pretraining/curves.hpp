/// @file
/// Chapter 14's curves: what was seen of a training, as lines of a chart.
#pragma once

#include "learning.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::pretraining {

/// A stretch of a level, to be drawn as a plateau.
inline plot::ChartSeries plateau(double from, double to, double level) {
  return {.name = "plateau", .x = {from, to}, .y = {level, level}, .color = 2, .markers = true};
}
inline plot::ChartSeries curve(const std::string& name, const std::vector<Seen>& seen, int color,
                               const std::function<double(const Seen&)>& value) {
  plot::ChartSeries line{.name = name, .x = {}, .y = {}, .color = color};
  for (const Seen& one : seen) {
    line.x.push_back(static_cast<double>(one.step));
    line.y.push_back(value(one));
  }
  return line;
}
inline double words_loss(const Seen& seen) { return seen.score.mlm_loss(); }
inline double pairs_right(const Seen& seen) { return seen.score.nsp_accuracy(); }

inline plot::Chart chart_of(const std::string& title, std::vector<plot::ChartSeries> series,
                            std::vector<plot::ChartGuide> guides, bool share) {
  plot::Chart chart;
  chart.title = title;
  chart.x_label = "step";
  chart.whole_x = true;
  chart.percent = share;
  chart.series = std::move(series);
  chart.guides = std::move(guides);
  return chart;
}

}  // namespace gradus::tutorials::pretraining

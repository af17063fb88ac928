/// @file
/// A model of what a sum over all workers costs: alpha for each message that is waited for, beta for each
/// byte.
#pragma once

#include <fmt/format.h>

#include "plot/plot.hpp"
#include "workers.hpp"

namespace gradus::tutorials::many_workers {

struct Line {
  double alpha = 30e-6;      ///< seconds until the first byte of a message is there
  double beta = 1 / 1.25e9;  ///< seconds a byte: 10 Gbit/s
};

inline int64_t log2_of(int64_t N) { return std::bit_width(static_cast<uint64_t>(N)) - 1; }

/// Of the worker that has most to do: messages that it waits for one after the other, and how many times the
/// whole array they are together.
inline int64_t messages_of(Way way, int64_t N) { return way == Way::tree ? 2 * log2_of(N) : 2 * (N - 1); }
inline double arrays_of(Way way, int64_t N) {
  const auto others = static_cast<double>(N - 1);
  return way == Way::one_for_all ? 2 * others : 2 * others / static_cast<double>(N);
}

inline double seconds(Way way, int64_t N, double bytes, const Line& line = {}) {
  return line.alpha * static_cast<double>(messages_of(way, N)) + line.beta * bytes * arrays_of(way, N);
}

/// Milliseconds by workers, for arrays of so many numbers.
inline plot::Picture draw_costs(const std::vector<std::pair<std::string, double>>& arrays) {
  std::vector<plot::Picture> charts;
  for (const auto& [name, numbers] : arrays) {
    plot::Chart chart;
    chart.title = fmt::format("Milliseconds: {}", name);
    chart.x_label = "workers";
    chart.width = 380;
    chart.log_x = chart.log_y = true;
    for (const auto& [way_name, way] : {std::pair{"one for all", Way::one_for_all},
                                        std::pair{"ring", Way::ring}, std::pair{"tree", Way::tree}}) {
      plot::ChartSeries line{.name = way_name,
                             .x = {},
                             .y = {},
                             .color = static_cast<int>(chart.series.size()) + 1,
                             .markers = true,
                             .dashed = way == Way::tree};
      for (int64_t N = 2; N <= 512; N *= 2) {
        line.x.push_back(static_cast<double>(N));
        line.y.push_back(1000 * seconds(way, N, 4 * numbers));
      }
      chart.series.push_back(line);
    }
    charts.push_back(plot::draw(chart));
  }
  return plot::beside(charts);
}

}  // namespace gradus::tutorials::many_workers

/// @file
/// Chapter 19's pictures.
#pragma once

#include <fmt/format.h>

#include "context.hpp"
#include "plot/plot.hpp"

namespace gradus::tutorials::long_texts {

/// Prints the pieces that are kept; a dot stands for one that is in none of the stretches.
inline void print_kept(const std::string& name, int64_t length, const std::vector<Stretch>& kept) {
  fmt::print("{:<12}", name);
  for (int64_t piece = 0; piece < length; ++piece) {
    const bool is_kept =
        std::ranges::any_of(kept, [&](const Stretch& s) { return s.begin <= piece && piece < s.end; });
    fmt::print(" {:>2}", is_kept ? std::to_string(piece) : ".");
  }
  fmt::print("\n");
}

/// The windows as rows, the pieces as columns: the context of each, and nothing where a window has it not.
inline plot::Picture draw_contexts(int64_t length, const std::vector<Stretch>& windows) {
  plot::HeatMap map;
  map.title = "Context of each piece in each window";
  map.column_title = "piece";
  map.decimals = 0;
  map.cell = 26;
  for (int64_t piece = 0; piece < length; ++piece) map.columns.push_back(std::to_string(piece));
  for (size_t w = 0; w < windows.size(); ++w) {
    map.rows.push_back("window " + std::to_string(w));
    for (int64_t piece = 0; piece < length; ++piece) {
      const int64_t context = context_of(windows[w], piece, piece);
      map.values.push_back(context < 0 ? std::numeric_limits<double>::quiet_NaN()
                                       : static_cast<double>(context));
    }
  }
  return plot::draw(map);
}

/// Answers of several lengths that are whole in a window, and what it costs, by overlap.
inline plot::Picture draw_recall(int64_t length, int64_t width, const std::vector<int64_t>& lengths) {
  plot::Chart answers, cost;
  answers.title = "Answers that are whole in a window";
  cost.title = "Pieces read for each piece of the text";
  answers.x_label = cost.x_label = "overlap";
  answers.width = cost.width = 380;
  answers.percent = true;
  cost.series = {{.name = "", .x = {}, .y = {}, .color = 1}};
  for (const int64_t answer : lengths) {
    answers.series.push_back({.name = fmt::format("{} pieces", answer),
                              .x = {},
                              .y = {},
                              .color = static_cast<int>(answers.series.size()) + 1});
  }
  for (int64_t overlap = 0; overlap <= 256; overlap += 4) {
    const std::vector<Stretch> windows = windows_over(length, width, width - overlap);
    const auto add = [&](plot::ChartSeries& series, double y) {
      series.x.push_back(static_cast<double>(overlap));
      series.y.push_back(y);
    };
    add(cost.series[0], pieces_read(length, windows));
    for (size_t i = 0; i < lengths.size(); ++i)
      add(answers.series[i], answer_recall(length, windows, lengths[i]));
  }
  return plot::beside({plot::draw(answers), plot::draw(cost)});
}

/// Shares of right answers: a line for each of `lines`, `right[i][k]` at the place x[k].
inline plot::Picture draw_right(const std::string& title, const std::string& x_label,
                                const std::vector<std::string>& lines, const std::vector<double>& x,
                                const std::vector<std::vector<double>>& right) {
  plot::Chart chart;
  chart.title = title;
  chart.x_label = x_label;
  chart.percent = true;
  chart.width = 600;
  for (size_t i = 0; i < lines.size(); ++i) {
    chart.series.push_back({.name = lines[i],
                            .x = x,
                            .y = right[i],
                            .color = static_cast<int>(i) + 1,
                            .markers = true,
                            .dashed = i == 2});
  }
  return plot::draw(chart);
}

}  // namespace gradus::tutorials::long_texts

#include "bert/report/report_charts.hpp"

#include <algorithm>
#include <cmath>

#include "bert/evaluation/verdict.hpp"

namespace gradus::bert {
namespace {

using detail::chart_over_steps;

using Column = double MetricsRow::*;

/// `figure` of the rows of one kind against their step.
plot::ChartSeries series_of(const TrainingReport& report, MetricsRow::Kind kind, Column figure,
                            std::string name, int color) {
  plot::ChartSeries series;
  series.name = std::move(name);
  series.color = color;
  series.markers = kind == MetricsRow::Kind::eval;
  for (const MetricsRow& row : report.rows) {
    if (row.kind != kind) continue;
    series.x.push_back(static_cast<double>(row.step));
    series.y.push_back(row.*figure);
  }
  return series;
}

bool has_point(const plot::ChartSeries& series) {
  return std::any_of(series.y.begin(), series.y.end(), [](double y) { return std::isfinite(y); });
}

/// Adds the training rows: many of them as a smoothed line over the pale raw values.
void add_training(plot::Chart& chart, const TrainingReport& report, Column figure, const std::string& name,
                  int color) {
  plot::ChartSeries series = series_of(report, MetricsRow::Kind::train, figure, name, color);
  if (!has_point(series)) return;
  if (series.y.size() >= 40) {
    plot::ChartSeries raw = series;
    raw.name.clear();
    raw.faint = true;
    chart.series.push_back(std::move(raw));
    series.y = plot::smoothed(series.y, static_cast<double>(series.y.size()) / 25);
  }
  chart.series.push_back(std::move(series));
}

void add_held_out(plot::Chart& chart, const TrainingReport& report, Column figure, const std::string& name,
                  int color) {
  plot::ChartSeries series = series_of(report, MetricsRow::Kind::eval, figure, name, color);
  if (has_point(series)) chart.series.push_back(std::move(series));
}

}  // namespace

plot::Chart accuracy_chart(const TrainingReport& report) {
  plot::Chart chart = chart_over_steps("Masked tokens guessed right");
  chart.percent = true;
  add_training(chart, report, &MetricsRow::mlm_accuracy, "training", 2);
  add_held_out(chart, report, &MetricsRow::mlm_accuracy, "held-out text", 1);
  chart.guides = {{std::string(two_neighbours_name), report.baselines.bigram_accuracy},
                  {std::string(frequency_name), report.baselines.unigram_accuracy}};
  return chart;
}

plot::Chart loss_chart(const TrainingReport& report) {
  plot::Chart chart = chart_over_steps("Loss on masked tokens, nats");
  add_training(chart, report, &MetricsRow::mlm_loss, "training", 2);
  add_held_out(chart, report, &MetricsRow::mlm_loss, "held-out text", 1);
  chart.guides = {{std::string(two_neighbours_name), std::log(report.baselines.bigram_perplexity)},
                  {std::string(frequency_name), std::log(report.baselines.unigram_perplexity)}};
  return chart;
}

namespace detail {

plot::Chart chart_over_steps(std::string title) {
  plot::Chart chart;
  chart.title = std::move(title);
  chart.x_label = "step";
  chart.whole_x = true;
  return chart;
}

std::vector<plot::Chart> learning_charts(const TrainingReport& report) {
  std::vector<plot::Chart> charts = {accuracy_chart(report), loss_chart(report)};

  plot::Chart accuracy = chart_over_steps("Next sentence told right, held-out text");
  accuracy.percent = true;
  add_held_out(accuracy, report, &MetricsRow::nsp_accuracy, "all pairs", 1);
  add_held_out(accuracy, report, &MetricsRow::nsp_accuracy_next, "true next", 3);
  add_held_out(accuracy, report, &MetricsRow::nsp_accuracy_random, "random", 4);
  accuracy.guides = {{"guessing", 0.5}};
  if (!accuracy.series.empty()) charts.push_back(std::move(accuracy));

  plot::Chart loss = chart_over_steps("Loss on sentence pairs, nats");
  add_training(loss, report, &MetricsRow::nsp_loss, "training", 2);
  add_held_out(loss, report, &MetricsRow::nsp_loss, "held-out text", 1);
  loss.guides = {{"guessing", std::log(2.0)}};
  if (!loss.series.empty()) charts.push_back(std::move(loss));
  return charts;
}

std::vector<plot::Chart> running_charts(const TrainingReport& report) {
  std::vector<plot::Chart> charts;
  const auto add = [&](const char* title, Column figure, bool smooth, bool log_y) {
    plot::Chart chart = chart_over_steps(title);
    chart.height = 220;
    chart.log_y = log_y;
    if (smooth) {
      add_training(chart, report, figure, "", 1);
    } else {
      chart.series.push_back(series_of(report, MetricsRow::Kind::train, figure, "", 1));
    }
    if (!chart.series.empty() && has_point(chart.series.front())) charts.push_back(std::move(chart));
  };
  add("Learning rate", &MetricsRow::learning_rate, false, false);
  add("Gradient norm before clipping", &MetricsRow::gradient_norm, true, true);
  add("Tokens a second", &MetricsRow::tokens_per_second, true, false);
  return charts;
}

}  // namespace detail
}  // namespace gradus::bert

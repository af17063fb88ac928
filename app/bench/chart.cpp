#include "app/bench/chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "autograd/plural.hpp"
#include "plot/plot.hpp"

namespace gradus::app {
namespace {

constexpr int width = 940, height = 230;

std::string threads_text(int threads) { return fmt::format("{} {}", threads, plural(threads, "thread")); }

/// One series for each number of threads, one group for each size.
template <class Timing, class ThreadsOf>
struct BySize {
  const std::vector<Timing>& timings;
  ThreadsOf threads_of;

  std::vector<std::string> sizes() const {
    std::vector<std::string> names;
    for (const Timing& timing : timings)
      if (std::ranges::find(names, timing.size) == names.end()) names.push_back(timing.size);
    return names;
  }
  std::vector<int> threads() const {
    std::vector<int> counts;
    for (const Timing& timing : timings)
      if (std::ranges::find(counts, threads_of(timing)) == counts.end()) counts.push_back(threads_of(timing));
    return counts;
  }
  template <class Value, class IsMeant>
  void add_series(plot::Bars& bars, const std::string& what, Value value, IsMeant is_meant) const {
    for (const int count : threads()) {
      plot::BarSeries series{what + ", " + threads_text(count), {}, static_cast<int>(bars.series.size()) + 1};
      for (const std::string& size : sizes()) {
        double found = std::numeric_limits<double>::quiet_NaN();
        for (const Timing& timing : timings)
          if (timing.size == size && threads_of(timing) == count && is_meant(timing)) found = value(timing);
        series.values.push_back(found);
      }
      bars.series.push_back(std::move(series));
    }
  }
};

plot::Picture shares(const std::vector<StepTiming>& steps, const Machine& machine) {
  const auto threads_of = [](const StepTiming& t) { return t.limits.threads; };
  const BySize<StepTiming, decltype(threads_of)> by_size{steps, threads_of};
  plot::Bars bars;
  bars.title = fmt::format("Of the peak: a training step, and its products alone ({}, kernels {})",
                           machine.processor, machine.blis_set);
  bars.groups = by_size.sizes();
  const auto every = [](const StepTiming&) { return true; };
  by_size.add_series(
      bars, "step", [](const StepTiming& t) { return t.share_of_peak(); }, every);
  by_size.add_series(
      bars, "floor", [](const StepTiming& t) { return t.floor_share_of_peak(); }, every);
  bars.percent = true;
  bars.width = width;
  bars.height = height;
  return plot::draw(bars);
}

plot::Picture sequences(const std::vector<InferenceTiming>& timings) {
  const auto threads_of = [](const InferenceTiming& t) { return t.limits.threads; };
  const BySize<InferenceTiming, decltype(threads_of)> by_size{timings, threads_of};
  plot::Bars bars;
  bars.title = "Sequences embedded in a second";
  bars.groups = by_size.sizes();
  for (const int64_t batch : {1, 32}) {
    by_size.add_series(
        bars, fmt::format("batch {}", batch), [](const InferenceTiming& t) { return t.sequences_a_second(); },
        [=](const InferenceTiming& t) { return t.batch == batch; });
  }
  bars.width = width;
  bars.height = height;
  return plot::draw(bars);
}

/// Milliseconds of a step, an operation and its backward side by side: the largest of them, and the rest.
plot::Picture operations(const StepTiming& timing) {
  constexpr size_t most = 6;
  const std::string suffix = " backward";
  plot::Bars bars;
  bars.title =
      fmt::format("Milliseconds of a step of {}, {}", timing.size, threads_text(timing.limits.threads));
  plot::BarSeries forward{"", {}, 1}, backward{"its backward", {}, 2};
  double rest = timing.profiled;
  for (const Operation& operation : timing.operations) {  // the largest first
    const bool is_backward = operation.name.ends_with(suffix);
    const std::string name =
        is_backward ? operation.name.substr(0, operation.name.size() - suffix.size()) : operation.name;
    auto at = std::ranges::find(bars.groups, name) - bars.groups.begin();
    if (at == std::ssize(bars.groups)) {
      if (bars.groups.size() == most) continue;
      bars.groups.push_back(name);
      forward.values.push_back(std::numeric_limits<double>::quiet_NaN());
      backward.values.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    (is_backward ? backward : forward).values[static_cast<size_t>(at)] = 1e3 * operation.seconds;
    rest -= operation.seconds;
  }
  bars.groups.emplace_back("the rest");
  forward.values.push_back(1e3 * std::max(0.0, rest));
  backward.values.push_back(std::numeric_limits<double>::quiet_NaN());
  bars.series = {forward, backward};
  bars.width = width;
  bars.height = height;
  return plot::draw(bars);
}

plot::Picture text_rates(const TextTiming& timing) {
  plot::Bars bars;
  bars.title = "Megabytes of text a second, one thread";
  plot::BarSeries series{"", {}, 1};
  const auto add = [&](const char* what, double seconds) {
    bars.groups.emplace_back(what);
    series.values.push_back(timing.rate(seconds));
  };
  if (timing.tokenizing) {
    add("ids only", timing.tokenizing->ids);
    add("with offsets", timing.tokenizing->offsets);
  }
  if (timing.learn > 0) add("learning a vocabulary", timing.learn);
  bars.series = {series};
  bars.width = width;
  bars.height = height;
  return plot::draw(bars);
}

plot::Picture small_products(const TensorTimings& timings) {
  plot::Bars bars;
  bars.title = "Of the peak: matmul of n x n, one thread";
  bars.x_label = "n";
  plot::BarSeries plain{"not recorded", {}, 1}, recorded{"recorded", {}, 2};
  for (const MatmulTiming& product : timings.products) {
    bars.groups.push_back(std::to_string(product.n));
    plain.values.push_back(product.share_of_peak(product.plain, timings.peak));
    recorded.values.push_back(product.share_of_peak(product.recorded, timings.peak));
  }
  bars.series = {plain, recorded};
  bars.percent = true;
  bars.width = width;
  bars.height = height;
  return plot::draw(bars);
}

}  // namespace

std::string chart_of(const BenchResults& results) {
  std::vector<plot::Picture> rows;
  if (!results.steps.empty()) rows.push_back(shares(results.steps, results.machine));
  for (const StepTiming& timing : results.steps)
    if (timing.limits.threads == results.limits.front().threads) rows.push_back(operations(timing));
  if (!results.inference.empty()) rows.push_back(sequences(results.inference));
  if (results.text) rows.push_back(text_rates(*results.text));
  if (results.tensors) rows.push_back(small_products(*results.tensors));
  plot::Picture picture = plot::below(rows);
  picture.label = "Bars of what gradus bench measured on " + results.machine.processor;
  return plot::to_svg_file(picture);
}

}  // namespace gradus::app

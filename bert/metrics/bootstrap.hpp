/// @file
/// How far a figure would move if other examples had been drawn: the percentile bootstrap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace gradus::bert {

struct BootstrapOptions {
  int64_t resamples = 1000;
  double level = 0.95;  ///< the share of resamples that the interval holds, between 0 and 1
  uint64_t seed = 0;
};

struct BootstrapInterval {
  double value;      ///< the metric of all examples, each once
  double low, high;  ///< NaN where every resample was
  int64_t left_out;  ///< resamples whose metric is NaN, which the bounds leave out
};

/// Draws as many examples as there are, with replacement, `resamples` times, and takes the metric of each
/// draw. The interval is from the (1 - level) / 2 quantile of these figures to the (1 + level) / 2 quantile,
/// linear between neighbours as numpy.percentile has it (Efron and Tibshirani 1993, "An Introduction to the
/// Bootstrap", section 13.3; scipy.stats.bootstrap with method="percentile").
///
/// `metric` is given the numbers of the drawn examples, from 0 to examples - 1, and called from this thread:
///
///     const auto interval = bootstrap(right.size(), [&](std::span<const size_t> drawn) {
///       double sum = 0;
///       for (const size_t i : drawn) sum += right[i];
///       return sum / static_cast<double>(drawn.size());
///     });
///
/// The draws depend on the seed and the number of examples only, so they are the same on every machine. A
/// resample whose metric is NaN, such as a correlation of one example drawn over and over, is left out of
/// the bounds and counted in `left_out`.
/// @throws ValueError for no examples, no resamples, or a level that is not between 0 and 1.
BootstrapInterval bootstrap(size_t examples, const std::function<double(std::span<const size_t>)>& metric,
                            const BootstrapOptions& options = {});

/// The intervals of several metrics of the same draws: those that bootstrap() gives for each, but drawn once.
/// `metrics` gives as many numbers each time. @throws as bootstrap.
std::vector<BootstrapInterval> bootstrap_all(
    size_t examples, const std::function<std::vector<double>(std::span<const size_t>)>& metrics,
    const BootstrapOptions& options = {});

}  // namespace gradus::bert

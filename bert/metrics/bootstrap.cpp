#include "bert/metrics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/random.hpp"

namespace gradus::bert {
namespace {

/// The q quantile of sorted numbers, linear between neighbours.
double quantile(std::span<const double> sorted, double q) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = q * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(place);
  const double part = place - static_cast<double>(below);
  if (part == 0) return sorted[below];
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace

std::vector<BootstrapInterval> bootstrap_all(
    size_t examples, const std::function<std::vector<double>(std::span<const size_t>)>& metrics,
    const BootstrapOptions& options) {
  if (examples == 0) fail<ValueError>("bootstrap: there is no example to draw");
  if (options.resamples < 1)
    fail<ValueError>("bootstrap: {} resamples, but one is the least", options.resamples);
  if (!(options.level > 0 && options.level < 1))
    fail<ValueError>("bootstrap: the level is {}, but must be between 0 and 1", options.level);
  std::vector<size_t> drawn(examples);
  std::iota(drawn.begin(), drawn.end(), size_t{0});
  const std::vector<double> values = metrics(drawn);

  std::vector<std::vector<double>> of_each(values.size());
  const Rng rng(options.seed);
  for (int64_t r = 0; r < options.resamples; ++r) {
    Rng stream = rng.split(static_cast<uint64_t>(r));
    for (size_t& i : drawn) i = static_cast<size_t>(stream.below(examples));
    const std::vector<double> found = metrics(drawn);
    for (size_t k = 0; k < values.size(); ++k) {
      const double figure = found[k];
      std::vector<double>& figures = of_each[k];
      if (!std::isnan(figure)) figures.push_back(figure);
    }
  }
  const double outside = (1 - options.level) / 2;
  std::vector<BootstrapInterval> intervals;
  for (size_t k = 0; k < values.size(); ++k) {
    std::vector<double>& figures = of_each[k];
    std::sort(figures.begin(), figures.end());
    intervals.push_back({values[k], quantile(figures, outside), quantile(figures, 1 - outside),
                         options.resamples - static_cast<int64_t>(figures.size())});
  }
  return intervals;
}

BootstrapInterval bootstrap(size_t examples, const std::function<double(std::span<const size_t>)>& metric,
                            const BootstrapOptions& options) {
  const auto one = [&](std::span<const size_t> drawn) { return std::vector<double>{metric(drawn)}; };
  return bootstrap_all(examples, one, options).front();
}

}  // namespace gradus::bert

#include "bert/metrics/correlation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string_view>
#include <vector>

#include "autograd/error.hpp"

namespace gradus::bert {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

void check_sizes(std::string_view metric, std::span<const double> x, std::span<const double> y,
                 size_t least) {
  if (x.size() != y.size())
    fail<ValueError>("{}: x has length {} and y {}; each needs its partner", metric, x.size(), y.size());
  if (x.size() < least)
    fail<ValueError>("{}: needs {} or more values on each side, but has {}", metric, least, x.size());
}

/// x less its mean, made to length 1. Empty where x is constant or not all of it finite.
std::vector<double> to_unit(std::span<const double> x) {
  // By equality, not by the spread: the mean of equal numbers may be off by a rounding.
  if (std::all_of(x.begin(), x.end(), [&](double v) { return v == x[0]; })) return {};
  double largest = 0;
  for (const double v : x) {
    if (!std::isfinite(v)) return {};
    largest = std::max(largest, std::abs(v));
  }
  std::vector<double> unit(x.begin(), x.end());
  double mean = 0;
  const int exponent = std::ilogb(largest);  // by a power of two, which rounds nothing: no square overflows
  for (double& v : unit) mean += v = std::ldexp(v, -exponent);
  mean /= static_cast<double>(x.size());
  double widest = 0;
  for (double& v : unit) widest = std::max(widest, std::abs(v -= mean));
  double squares = 0;
  if (widest == 0) return {};
  for (double& v : unit) {
    v /= widest;
    squares += v * v;
  }
  for (double& v : unit) v /= std::sqrt(squares);
  return unit;
}

double correlation(std::span<const double> x, std::span<const double> y) {
  const std::vector<double> a = to_unit(x), b = to_unit(y);
  if (a.empty() || b.empty()) return nan;
  return std::clamp(std::inner_product(a.begin(), a.end(), b.begin(), 0.0), -1.0, 1.0);
}

bool any_nan(std::span<const double> x) {
  return std::any_of(x.begin(), x.end(), [](double v) { return std::isnan(v); });
}

}  // namespace

std::vector<double> ranks(std::span<const double> x) {
  std::vector<size_t> order(x.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return x[a] < x[b]; });
  std::vector<double> rank(x.size());
  for (size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && x[order[end]] == x[order[first]]) ++end;
    const double shared = static_cast<double>(first + 1 + end) / 2;
    for (size_t i = first; i < end; ++i) rank[order[i]] = shared;
  }
  return rank;
}

double pearson(std::span<const double> x, std::span<const double> y) {
  check_sizes("pearson", x, y, 2);
  return correlation(x, y);
}

double spearman(std::span<const double> x, std::span<const double> y) {
  check_sizes("spearman", x, y, 2);
  if (any_nan(x) || any_nan(y)) return nan;
  return correlation(ranks(x), ranks(y));
}

double mean_squared_error(std::span<const double> x, std::span<const double> y) {
  check_sizes("mean squared error", x, y, 1);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - y[i]) * (x[i] - y[i]);
  return sum / static_cast<double>(x.size());
}

double r_squared(std::span<const double> truth, std::span<const double> said) {
  const double error = mean_squared_error(truth, said);
  const double middle = std::accumulate(truth.begin(), truth.end(), 0.0) / static_cast<double>(truth.size());
  const std::vector<double> same(truth.size(), middle);
  const double variance = mean_squared_error(truth, same);
  return variance > 0 ? 1 - error / variance : 0;
}

}  // namespace gradus::bert

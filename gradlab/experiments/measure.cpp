#include "gradlab/experiments/measure.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autograd/gradcheck/problem.hpp"

namespace gradus::lab {
namespace {

using gradchecking::Numbers;

/// |a - b| / |b| in units of eps32.
double relative_error(const Numbers& a, const Numbers& b) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size) / eps32;
}

}  // namespace

double log_slope(const std::vector<double>& x, const std::vector<double>& y) {
  double n = 0, mean_x = 0, mean_y = 0, xx = 0, xy = 0;
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (!(x[i] > 0 && y[i] > 0) || !std::isfinite(x[i]) || !std::isfinite(y[i])) continue;
    const double u = std::log(x[i]), v = std::log(y[i]);
    n += 1;
    mean_x += u;
    mean_y += v;
    xx += u * u;
    xy += u * v;
  }
  if (n < 3) return std::numeric_limits<double>::quiet_NaN();
  mean_x /= n;
  mean_y /= n;
  return (xy / n - mean_x * mean_y) / (xx / n - mean_x * mean_x);
}

double root_mean_square(const std::vector<double>& values) {
  double squares = 0;
  for (const double value : values) squares += value * value;
  return values.empty() ? 0 : std::sqrt(squares / static_cast<double>(values.size()));
}

double geometric_mean(const std::vector<double>& values) {
  double logarithms = 0;
  for (const double value : values) logarithms += std::log(value);
  return std::exp(logarithms / static_cast<double>(values.size()));
}

F32Error f32_gradient_error(const nn::Module& module, const std::function<Tensor(const Tensor&)>& fn,
                            const Tensor& x, uint64_t seed) {
  const auto gradients = [&](DType dtype) {
    module.to(dtype);
    std::vector<Tensor> leaves = {x.detach().to(dtype).clone().requires_grad()};
    for (const Tensor& parameter : module.parameters()) leaves.push_back(parameter);
    const Tensor y = fn(leaves[0]);
    Rng rng(seed);
    const Tensor v = gradchecking::cotangent(y.shape(), rng, DType::f32);
    std::pair<Numbers, Numbers> found;
    const std::vector<Tensor> all = grad({y}, leaves, {v.to(dtype)});
    found.first = gradchecking::numbers(all[0]);
    for (size_t i = 1; i < all.size(); ++i) {
      const Numbers one = gradchecking::numbers(all[i]);
      found.second.insert(found.second.end(), one.begin(), one.end());
    }
    return found;
  };
  const auto exact = gradients(DType::f64), single = gradients(DType::f32);
  return {relative_error(single.first, exact.first), relative_error(single.second, exact.second)};
}

plot::ChartSeries curve(const std::string& name, int color, const std::vector<double>& x,
                        const std::vector<double>& y) {
  plot::ChartSeries series;
  series.name = name;
  series.color = color;
  series.x = x;
  series.y = y;
  series.markers = true;
  return series;
}

plot::ChartSeries guide(const std::string& name, int color, const std::vector<double>& x,
                        const std::vector<double>& y, size_t at, double power, double low, double high) {
  plot::ChartSeries series;
  series.name = name;
  series.color = color;
  series.dashed = true;
  for (const double value : x) {
    const double here = y[at] * std::pow(value / x[at], power);
    if (here < low || here > high) continue;
    series.x.push_back(value);
    series.y.push_back(here);
  }
  return series;
}

std::string loud(Verdict verdict) {
  return verdict == Verdict::fail ? "FAIL" : std::string(gradus::name(verdict));
}

}  // namespace gradus::lab

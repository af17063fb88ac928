// What the kernel tests share: uneven values, central differences, and the same bits on any number of
// threads.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <vector>

#include "autograd/kernels/parallel.hpp"
#include "autograd/random.hpp"

namespace gradus::test {

/// n values spread over [low, high), the same for the same seed.
template <class T>
std::vector<T> random_values(int64_t n, uint64_t seed, double low = -2, double high = 2) {
  Rng rng(seed);
  std::vector<T> values;
  for (int64_t i = 0; i < n; ++i) values.push_back(static_cast<T>(low + (high - low) * rng.uniform()));
  return values;
}

/// The largest |a - b| / max(1, |b|); Inf where the sizes differ or a NaN stands in only one of them.
template <class A, class B>
double worst_error(const std::vector<A>& a, const std::vector<B>& b) {
  double worst = a.size() == b.size() ? 0 : INFINITY;
  for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    const double error = std::abs(x - y) / std::max(1.0, std::abs(y));
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  return worst;
}

/// d f / d x by central differences. Error about 1e-10 for values near 1.
template <class F>
std::vector<double> numeric_gradient(std::vector<double> x, F&& f) {
  const double h = 6e-6;
  std::vector<double> gradient;
  for (double& value : x) {
    const double kept = value;
    value = kept + h;
    const double up = f(x);
    value = kept - h;
    const double down = f(x);
    value = kept;
    gradient.push_back((up - down) / (2 * h));
  }
  return gradient;
}

template <class T>
double dot(const std::vector<T>& a, const std::vector<T>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

/// True if `make()`, a vector, has the same bits on one, two and three threads.
template <class F>
bool same_bits_on_any_threads(F&& make) {
  const int before = num_threads();
  set_num_threads(1);
  const auto one = make();
  bool same = true;
  for (int threads = 2; threads <= 3; ++threads) {
    set_num_threads(threads);
    const auto many = make();
    same = same && many.size() == one.size() &&
           std::memcmp(many.data(), one.data(), one.size() * sizeof(one[0])) == 0;
  }
  set_num_threads(before);
  return same;
}

/// Several vectors one after the other, to compare them in one go.
template <class T>
std::vector<T> joined(std::initializer_list<std::vector<T>> parts) {
  std::vector<T> all;
  for (const std::vector<T>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace gradus::test

/// @file
/// The maximum and the sum of exponentials over a row that softmax and cross-entropy share.
#pragma once

#include <cstdint>
#include <limits>

#include "autograd/kernels/math.hpp"

namespace gradus::kernels {

/// The largest of x[0, n); -Inf if n is 0. A NaN is passed over: the exponentials that follow carry it on.
template <class T>
T row_maximum(const T* x, int64_t n) {
  constexpr T lowest = -std::numeric_limits<T>::infinity();
  const auto larger = [](T a, T b) { return b > a ? b : a; };
  // Two maxima side by side, for the reason of row_sum.hpp.
  const int64_t half = n / 2;
  T a = n % 2 == 1 ? larger(lowest, x[n - 1]) : lowest, b = lowest;
#pragma omp simd reduction(max : a, b)
  for (int64_t i = 0; i < half; ++i) {
    a = larger(a, x[i]);
    b = larger(b, x[i + half]);
  }
  return larger(a, b);
}

/// The same, but 0 where every entry is -Inf: a shift that is safe to subtract, since -Inf - -Inf is NaN.
template <class T>
T row_shift(const T* x, int64_t n) {
  const T largest = row_maximum(x, n);
  return largest == -std::numeric_limits<T>::infinity() ? T(0) : largest;
}

/// sum_i exp(x_i - shift), where no x_i is above `shift`.
template <class T>
T sum_of_exp(const T* x, T shift, int64_t n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += math::exp_nonpositive(x[i] - shift);
  return sum;
}

}  // namespace gradus::kernels

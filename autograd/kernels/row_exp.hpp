/// @file
/// The two sums over a row that softmax and cross-entropy share.
#pragma once

#include <cstdint>
#include <limits>

#include "autograd/kernels/math.hpp"

namespace gradus::kernels {

/// The largest of x[0, n); -Inf if n is 0. A NaN is passed over: the exponentials that follow carry it on.
template <class T>
T row_maximum(const T* x, int64_t n) {
  T largest = -std::numeric_limits<T>::infinity();
#pragma omp simd reduction(max : largest)
  for (int64_t i = 0; i < n; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
}

/// The same, but 0 where every entry is -Inf: a shift that is safe to take off, as -Inf - -Inf is NaN.
template <class T>
T row_shift(const T* x, int64_t n) {
  const T largest = row_maximum(x, n);
  return largest == -std::numeric_limits<T>::infinity() ? T(0) : largest;
}

/// sum_i exp(x_i - shift).
template <class T>
T sum_of_exp(const T* x, T shift, int64_t n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < n; ++i) sum += math::exp(x[i] - shift);
  return sum;
}

}  // namespace gradus::kernels

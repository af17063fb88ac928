/// @file
/// The row arithmetic that layer_norm and residual_layer_norm share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "autograd/kernels/row_sum.hpp"

namespace gradus::kernels {

/// The mean of x[0, n), as x[0] and the mean distance from it. Where all are equal that is exact: an error of
/// one rounding would look like a spread beside an eps of 1e-12, and normalise to 1.
template <class T>
[[gnu::always_inline]] inline T row_mean(const T* x, int64_t n) {
  const T first = n > 0 ? x[0] : T(0);
  return first + sum_over<T>(n, [=](int64_t j) { return x[j] - first; }) / static_cast<T>(n);
}

/// 1 / sqrt(variance + eps) where the squares overflow (beyond 1e19 in f32): the differences are divided by
/// the largest of them first, and so is what comes out.
template <class T>
T row_rstd_of_large(const T* x, int64_t n, T mean, T eps) {
  T largest = 0;
  for (int64_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(x[j] - mean));
  const T squares = sum_over<T>(n, [=](int64_t j) {
    const T part = (x[j] - mean) / largest;
    return part * part;
  });
  return 1 / std::sqrt(squares / static_cast<T>(n) + eps / largest / largest) / largest;
}

/// 1 / sqrt(variance + eps) of x[0, n), given its mean. The variance is the mean of squared differences,
/// which loses nothing where the mean is large.
template <class T>
[[gnu::always_inline]] inline T row_rstd(const T* x, int64_t n, T mean, T eps) {
  const T squares = sum_over<T>(n, [=](int64_t j) { return (x[j] - mean) * (x[j] - mean); });
  if (std::isinf(squares)) return row_rstd_of_large(x, n, mean, eps);
  return 1 / std::sqrt(squares / static_cast<T>(n) + eps);
}

}  // namespace gradus::kernels

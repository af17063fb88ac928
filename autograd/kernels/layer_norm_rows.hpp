/// @file
/// The row arithmetic that layer_norm and residual_layer_norm share.
#pragma once

#include <cmath>
#include <cstdint>

namespace gradus::kernels {

/// Mean of x[0, n), and 1 / sqrt(variance + eps). Two passes: the variance is the mean of squared
/// differences, which loses nothing where the mean is large.
template <class T>
void row_moments(const T* x, int64_t n, T eps, T& mean, T& rstd) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) sum += x[j];
  const T center = sum / static_cast<T>(n);
  T squares = 0;
#pragma omp simd reduction(+ : squares)
  for (int64_t j = 0; j < n; ++j) squares += (x[j] - center) * (x[j] - center);
  mean = center;
  rstd = 1 / std::sqrt(squares / static_cast<T>(n) + eps);
}

}  // namespace gradus::kernels

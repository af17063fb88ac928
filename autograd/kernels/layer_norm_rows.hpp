/// @file
/// The row arithmetic that layer_norm and residual_layer_norm share.
#pragma once

#include <cmath>
#include <cstdint>

#include "autograd/kernels/row_sum.hpp"

namespace gradus::kernels {

/// 1 / sqrt(variance + eps) of x[0, n), given its mean. The variance is the mean of squared differences,
/// which loses nothing where the mean is large.
template <class T>
[[gnu::always_inline]] inline T row_rstd(const T* x, int64_t n, T mean, T eps) {
  const T squares = sum_over<T>(n, [=](int64_t j) { return (x[j] - mean) * (x[j] - mean); });
  return 1 / std::sqrt(squares / static_cast<T>(n) + eps);
}

}  // namespace gradus::kernels

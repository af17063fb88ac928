/// @file
/// Softmax over rows. x, y, dy and dx are dense [rows, cols]; T is float or double. An output may be the same
/// buffer as an input.
///
/// The maximum is subtracted first, so nothing overflows. A row of -Inf only (every key masked) has no
/// softmax; here it is zeros, and -Inf in log_softmax, without a NaN. A NaN makes its whole row NaN.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// y_i = exp(x_i - m) / sum_j exp(x_j - m), m = max_j x_j.
template <class T>
void softmax(const T* x, T* y, int64_t rows, int64_t cols);

/// dx_i = y_i (dy_i - sum_j dy_j y_j), from softmax's output y.
template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, int64_t rows, int64_t cols);

/// y_i = x_i - m - log sum_j exp(x_j - m), m = max_j x_j.
template <class T>
void log_softmax(const T* x, T* y, int64_t rows, int64_t cols);

/// dx_i = dy_i - exp(y_i) sum_j dy_j, from log_softmax's output y.
template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, int64_t rows, int64_t cols);

}  // namespace gradus::kernels

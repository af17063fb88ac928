/// @file
/// A bias added to every row, and its gradient. Matrices are dense [rows, cols]; T is float or double.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// x[i, j] += bias[j], in place.
template <class T>
void add_bias(T* x, const T* bias, int64_t rows, int64_t cols);

/// dbias[j] = sum over i of dy[i, j], in a fixed order; dbias is overwritten.
template <class T>
void column_sum(const T* dy, T* dbias, int64_t rows, int64_t cols);

}  // namespace gradus::kernels

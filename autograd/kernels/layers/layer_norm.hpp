/// @file
/// Layer normalisation (Ba, Kiros and Hinton 2016, "Layer normalization", equation 4) over the last
/// dimension.
///
/// All matrices are dense [rows, cols], gamma, beta, dgamma and dbeta are [cols], mean and rstd are [rows]; T
/// is float or double. The variance is the biased one (divided by cols) and eps stands inside the root, as in
/// BERT. gamma and beta may be null: 1 and 0.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// y = gamma xhat + beta with xhat = (x - mean) rstd and rstd = 1 / sqrt(variance + eps), row by row.
/// Writes mean and rstd for the backward. y may be x.
template <class T>
void layer_norm(const T* x, const T* gamma, const T* beta, double eps, T* y, T* mean, T* rstd, int64_t rows,
                int64_t cols);

/// With g = dy gamma: dx = rstd (g - mean(g) - xhat mean(g xhat)), means over the row; dgamma = sum over rows
/// of dy xhat; dbeta = sum over rows of dy. dgamma and dbeta are overwritten; each may be null. dx may be dy.
template <class T>
void layer_norm_backward(const T* dy, const T* x, const T* mean, const T* rstd, const T* gamma, T* dx,
                         T* dgamma, T* dbeta, int64_t rows, int64_t cols);

}  // namespace gradus::kernels

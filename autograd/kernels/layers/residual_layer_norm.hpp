/// @file
/// The end of a post-norm sub-layer in one pass: y = layer_norm(residual + dropout(x + bias)).
///
/// Matrices are dense [rows, cols], vectors [cols], rstd is [rows]; T is float or double. The dropout of
/// element i of the matrix is dropout_keep(seed, i, ...) of dropout_mask.hpp, made again by the backward; p =
/// 0 drops nothing. Layer normalisation is that of layer_norm.hpp.
///
/// Of all that the backward needs, the forward stores xhat = (s - mean) rstd, s the sum that is normalised:
/// beside dy and rstd it is the only matrix that the backward reads, and it may be written over x or
/// residual, where these are not used again.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// The forward. bias may be null. xhat may be x or residual; y may be the other of them, but not xhat.
template <class T>
void residual_layer_norm(const T* x, const T* bias, const T* residual, const T* gamma, const T* beta,
                         double eps, double p, uint64_t seed, T* xhat, T* y, T* rstd, int64_t rows,
                         int64_t cols);

/// The backward: with g = dy gamma,
/// dresidual = rstd (g - mean(g) - xhat mean(g xhat)), dx = dropout(dresidual) by the forward's mask, dbias =
/// sum over rows of dx, dgamma = sum over rows of dy xhat, dbeta = sum over rows of dy. The three sums are
/// overwritten; each may be null. dresidual or dx may be dy or xhat. With p = 0, dx equals dresidual and may
/// be null.
template <class T>
void residual_layer_norm_backward(const T* dy, const T* xhat, const T* rstd, const T* gamma, double p,
                                  uint64_t seed, T* dresidual, T* dx, T* dbias, T* dgamma, T* dbeta,
                                  int64_t rows, int64_t cols);

}  // namespace gradus::kernels

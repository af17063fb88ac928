/// @file
/// Products of many rows with a right side of moderate size, as of a batch of tokens with a weight, without
/// BLIS: the right side is packed once for all rows and threads, and the left side is read where it lies.
#pragma once

#include "autograd/kernels/products/gemm.hpp"

namespace gradus::kernels {

/// c = alpha a b + beta c, as gemm() says it, if panel_gemm() is the faster way here. Otherwise false, and c
/// is as it was. That was measured for floats in vectors of eight with fused multiply-adds (AVX2; see
/// benchmarks/README.md); all else is BLIS's. The answer depends on sizes, strides and beta alone. With a
/// `bias` [n] and beta = 0, c = alpha a b + bias in each row, without another pass over c.
template <class T>
bool panel_gemm_if_ahead(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c,
                         const T* bias = nullptr);

/// The same product whatever its size: a and c must be dense along their rows, b along its rows or its
/// columns, and `add` is beta = 1 rather than 0. Each sum is one chain in the order of k, so the bits do not
/// depend on threads.
template <class T>
void panel_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, bool add, Matrix<T> c,
                const T* bias = nullptr);

}  // namespace gradus::kernels

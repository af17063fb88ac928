/// @file
/// Products of columns with long sums, as of the gradient of a weight, dW = dy^T x, without BLIS: of both
/// sides a few hundred rows are packed at once, as they lie, and their products are added to the result.
#pragma once

#include "autograd/kernels/products/gemm.hpp"

namespace gradus::kernels {

/// c = alpha a b + beta c, as gemm() says it, on the calling thread, if packed_gemm() is the faster way here.
/// Otherwise false, and c is as it was. That was measured for floats in vectors of eight with fused
/// multiply-adds (AVX2; see benchmarks/README.md); all else is BLIS's. The answer depends on sizes, strides
/// and beta alone.
template <class T>
bool packed_gemm_if_ahead(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c);

/// The same product whatever its size: a must be dense along its columns (the transpose of a matrix that is
/// dense along its rows), b and c along their rows, and `add` is beta = 1 rather than 0.
template <class T>
void packed_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, bool add, Matrix<T> c);

}  // namespace gradus::kernels

/// @file
/// Small matrix products without BLIS: a call of it takes microseconds of set-up, in which a product of 16 x
/// 16 matrices is long done.
#pragma once

#include "autograd/kernels/products/gemm.hpp"

namespace gradus::kernels {

/// c = alpha a b + beta c, as gemm() says it, if the product is so small that the register tile of
/// register_tile.hpp is the faster way, and its strides are such that it can: b or a lies dense along rows or
/// columns, and so does c. Otherwise false, and c is as it was. The answer depends on sizes, strides and beta
/// alone, and each sum is added in the order of k, so the bits do not depend on threads.
template <class T>
bool small_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c);

}  // namespace gradus::kernels

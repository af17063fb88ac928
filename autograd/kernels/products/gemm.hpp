/// @file
/// Matrix products on BLIS: c = alpha a b + beta c, with any strides.
///
/// A product is cut into tiles that depend on its sizes only; each tile is one single-threaded BLIS call, and
/// our own threads share the tiles. So the same product has the same bits on any number of threads. Products
/// that BLIS would take longer to set up than to compute go without it (small_gemm.hpp), and on processors
/// with AVX2 those of many rows with a weight (panel_gemm.hpp) and those of columns with long sums
/// (packed_gemm.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include "autograd/shape.hpp"

namespace gradus::kernels {

/// A rows x cols matrix: element (i, j) is data[i * row_stride + j * col_stride].
template <class T>
struct Matrix {
  T* data = nullptr;
  int64_t rows = 0, cols = 0;
  int64_t row_stride = 0, col_stride = 1;

  Matrix transposed() const { return {data, cols, rows, col_stride, row_stride}; }
  operator Matrix<const T>() const requires(!std::is_const_v<T>) {
    return {data, rows, cols, row_stride, col_stride};
  }
};

/// c = alpha a b + beta c for float or double. a is [m, k], b is [k, n], c is [m, n].
///
/// Strides of a and b may be anything, also 0 (a broadcast) or negative; BLIS cannot take those two, so such
/// an operand is copied first. No other operand ever is. c may not overlap itself, a or b. With beta = 0, c
/// is written and never read, so it may hold NaN. With k = 0, c becomes beta c. Sizes that differ are the
/// caller's error (asserted).
template <class T>
void gemm(std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
          std::type_identity_t<Matrix<const T>> b, std::type_identity_t<T> beta, Matrix<T> c);

/// c = a b + bias, the bias [n] added to every row; c is dense. Where panel_gemm.hpp takes the product that
/// is done in the pass that writes c, otherwise in one of its own (bias.hpp): the bits are the same.
template <class T>
void gemm_with_bias(std::type_identity_t<Matrix<const T>> a, std::type_identity_t<Matrix<const T>> b,
                    const T* bias, Matrix<T> c);

/// The same product for every index of `batch`; the three stride lists (elements, as long as `batch`) place
/// each matrix of the batch. Strides of a and b may be 0; those of c may not, except along sizes of 1.
template <class T>
void gemm_batched(const Shape& batch, std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
                  const Strides& a_batch, std::type_identity_t<Matrix<const T>> b, const Strides& b_batch,
                  std::type_identity_t<T> beta, Matrix<T> c, const Strides& c_batch);

/// The sizes of the tiles into which an m x n x k product is cut. More than one tile along k means that
/// partial sums are added in the order of k.
struct GemmTiles {
  int64_t rows, cols, depth;
  bool operator==(const GemmTiles&) const = default;
};
GemmTiles gemm_tiles(int64_t m, int64_t n, int64_t k);

/// One product by one BLIS call, with BLIS's own threads if `threads` is above 1: what our tiles are measured
/// against. Strides must be what BLIS takes: neither 0 nor negative.
template <class T>
void gemm_plain(int threads, std::type_identity_t<T> alpha, std::type_identity_t<Matrix<const T>> a,
                std::type_identity_t<Matrix<const T>> b, std::type_identity_t<T> beta, Matrix<T> c);

/// The name of the kernels that BLIS uses here: "zen3", "skx", ... (blis_choice() says why.)
std::string blis_kernels();

}  // namespace gradus::kernels

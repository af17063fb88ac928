#include "autograd/kernels/products/small_gemm.hpp"

#include <algorithm>

#include "autograd/kernels/products/register_tile.hpp"

namespace gradus::kernels {
namespace {

/// Multiply-adds up to which the tile is ahead, those of the last panel's missing columns counted: see
/// benchmarks/README.md. Without vectors of eight numbers and fused multiply-adds that is less.
constexpr int64_t most_work = tile::vector_bytes >= 32 ? 262'144 : 32'768;  // 64^3, 32^3
constexpr int64_t most_on_stack = 4096;                                     // numbers, on the stack

/// Of c = a b with the right side packed.
template <class T>
int64_t work(const Matrix<const T>& a, const Matrix<const T>& b, const Matrix<T>& c) {
  const bool can = (c.col_stride == 1 || c.cols == 1) && (b.col_stride == 1 || b.row_stride == 1);
  const int64_t packed = b.rows * tile::padded<T>(b.cols);
  return can && packed <= most_on_stack ? a.rows * packed : most_work + 1;
}

}  // namespace

template <class T>
bool small_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  if (beta != 0 && beta != 1) return false;
  if (c.rows * c.cols * a.cols > most_work) return false;
  // Either as it is, or transposed: c^T = b^T a^T. A product with few columns is better the other way round.
  const int64_t upright = work(a, b, c), lying = work(b.transposed(), a.transposed(), c.transposed());
  if (std::min(upright, lying) > most_work) return false;
  if (lying < upright) {
    const Matrix<const T> left = b.transposed();
    b = a.transposed(), a = left, c = c.transposed();
  }
  alignas(tile::vector_bytes) T panels[most_on_stack];
  if (b.col_stride == 1)
    tile::pack_rows(b.data, b.row_stride, b.rows, b.cols, panels);
  else
    tile::pack_transposed(b.data, b.col_stride, b.rows, b.cols, panels);
  tile::multiply(a.data, a.row_stride, a.col_stride, panels, b.rows, b.rows, c.data, c.row_stride, c.rows,
                 c.cols, tile::Finish<T>{.factor = alpha, .add = beta == 1});
  return true;
}

template bool small_gemm(float, Matrix<const float>, Matrix<const float>, float, Matrix<float>);
template bool small_gemm(double, Matrix<const double>, Matrix<const double>, double, Matrix<double>);

}  // namespace gradus::kernels

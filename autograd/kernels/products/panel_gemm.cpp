#include "autograd/kernels/products/panel_gemm.hpp"

#include <algorithm>
#include <cassert>

#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/products/panel_memory.hpp"
#include "autograd/kernels/products/register_tile.hpp"

namespace gradus::kernels {
namespace {

constexpr int64_t fewest_rows = 96;         // of which packing the right side is a small part
constexpr int64_t shortest_sum = 32;        // for the same reason
constexpr int64_t most_packed = 1LL << 20;  // numbers: more do not stay in the second or third cache

/// Rows of a piece: enough to be worth a thread's while, in whole register tiles, and few, so that they stay
/// in the first cache beside a panel.
int64_t rows_of_piece(int64_t n, int64_t k) {
  constexpr int64_t four_tiles = 4 * tile::max_rows, worth_a_piece = 1LL << 19;
  return (worth_a_piece / (n * k) / four_tiles + 1) * four_tiles;
}

template <class T>
void pack(Matrix<const T> b, T* panels) {
  constexpr int64_t width = tile::panel_width<T>;
  const int64_t count = tile::padded<T>(b.cols) / width;
  parallel_ranges(count, std::max<int64_t>(1, 32768 / (b.rows * width)), [=](int64_t begin, int64_t end) {
    const int64_t first = begin * width, cols = std::min(b.cols, end * width) - first;
    T* const to = panels + first * b.rows;
    if (b.col_stride == 1)
      tile::pack_rows(b.data + first, b.row_stride, b.rows, cols, to);
    else
      tile::pack_transposed(b.data + first * b.col_stride, b.col_stride, b.rows, cols, to);
  });
}

}  // namespace

template <class T>
void panel_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, bool add, Matrix<T> c, const T* bias) {
  assert(a.col_stride == 1 && c.col_stride == 1 && (b.col_stride == 1 || b.row_stride == 1));
  T* const panels = panel_memory<T>(b.rows * tile::padded<T>(b.cols));
  pack(b, panels);
  parallel_ranges(c.rows, rows_of_piece(b.cols, b.rows), [=](int64_t begin, int64_t end) {
    tile::multiply<T>(a.data + begin * a.row_stride, a.row_stride, 1, panels, b.rows, b.rows,
                      c.data + begin * c.row_stride, c.row_stride, end - begin, c.cols,
                      tile::Finish<T>{.factor = alpha, .add = add, .bias = bias});
  });
}

template <class T>
bool panel_gemm_if_ahead(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c, const T* bias) {
  if (!tile::was_measured<T> || (beta != 0 && beta != 1)) return false;
  if (a.col_stride != 1 || c.col_stride != 1 || (b.col_stride != 1 && b.row_stride != 1)) return false;
  const int64_t n = c.cols, k = a.cols, padded = tile::padded<T>(n);
  if (c.rows < fewest_rows || k < shortest_sum || 8 * (padded - n) > n || padded * k > most_packed)
    return false;
  panel_gemm<T>(alpha, a, b, beta == 1, c, bias);
  return true;
}

#define GRADUS_INSTANTIATE(T)                                                                        \
  template bool panel_gemm_if_ahead<T>(T, Matrix<const T>, Matrix<const T>, T, Matrix<T>, const T*); \
  template void panel_gemm<T>(T, Matrix<const T>, Matrix<const T>, bool, Matrix<T>, const T*);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

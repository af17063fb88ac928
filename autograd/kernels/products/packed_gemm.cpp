#include "autograd/kernels/products/packed_gemm.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "autograd/kernels/products/panel_memory.hpp"
#include "autograd/kernels/products/register_tile.hpp"

namespace gradus::kernels {
namespace {

constexpr int64_t least_rows = 48, least_depth = 128;  // below, packing is too large a part
// A panel of the right side and a tile of the left stay in the first cache, a block of rows in the second.
constexpr int64_t depth_of_slice = 256, rows_of_block = 192;
constexpr int64_t packed_at_once = 8;  // rows, read as they lie in memory

/// Packs a[rows, depth], whose columns are dense, tile by tile: R rows of one are to[p R + r].
template <class T>
void pack_left(Matrix<const T> a, T* to) {
  const int64_t depth = a.cols;
  for (int64_t first = 0; first < depth; first += packed_at_once) {
    const int64_t end = std::min(depth, first + packed_at_once);
    for (int64_t i = 0; i < a.rows;) {
      const int64_t take = tile::rows_of_next(a.rows - i);
      const T* const from = a.data + i;
      T* const tile = to + i * depth;
      if (take == tile::max_rows) {  // so many bytes are two moves, with no call
        for (int64_t p = first; p < end; ++p)
          std::memcpy(tile + p * tile::max_rows, from + p * a.col_stride, sizeof(T) * tile::max_rows);
      } else {
        for (int64_t p = first; p < end; ++p) std::copy_n(from + p * a.col_stride, take, tile + p * take);
      }
      i += take;
    }
  }
}

/// tile::pack_rows(), but a few rows of all panels after the other.
template <class T>
void pack_right(Matrix<const T> b, T* to) {
  constexpr int64_t width = tile::panel_width<T>;
  for (int64_t first = 0; first < b.rows; first += packed_at_once) {
    const int64_t count = std::min(packed_at_once, b.rows - first);
    for (int64_t j = 0; j < b.cols; j += width) {
      tile::pack_rows(b.data + first * b.row_stride + j, b.row_stride, count, std::min(width, b.cols - j),
                      to + j * b.rows + first * width);
    }
  }
}

/// c (+)= factor left right, of packed sides that are `depth` deep.
template <class T>
void multiply_packed(T factor, const T* left, const T* right, int64_t depth, bool add, Matrix<T> c) {
  const tile::Finish<T> finish{.factor = factor, .add = add};
  for (int64_t j = 0; j < c.cols; j += tile::panel_width<T>) {
    for (int64_t i = 0; i < c.rows;) {
      const int64_t take = tile::rows_of_next(c.rows - i);
      tile::multiply_rows<T>(take, left + i * depth, 1, take, right + j * depth, depth,
                             c.data + i * c.row_stride + j, c.row_stride, c.cols - j, finish);
      i += take;
    }
  }
}

}  // namespace

template <class T>
void packed_gemm(T alpha, Matrix<const T> a, Matrix<const T> b, bool add, Matrix<T> c) {
  assert(a.row_stride == 1 && b.col_stride == 1 && c.col_stride == 1);
  T* const left = panel_memory<T>(depth_of_slice * (rows_of_block + tile::padded<T>(c.cols)));
  T* const right = left + depth_of_slice * rows_of_block;
  for (int64_t p = 0; p < a.cols; p += depth_of_slice) {
    const int64_t depth = std::min(depth_of_slice, a.cols - p);
    pack_right<T>({b.data + p * b.row_stride, depth, b.cols, b.row_stride, 1}, right);
    for (int64_t i = 0; i < c.rows; i += rows_of_block) {
      const int64_t rows = std::min(rows_of_block, c.rows - i);
      pack_left<T>({a.data + p * a.col_stride + i, rows, depth, 1, a.col_stride}, left);
      multiply_packed<T>(alpha, left, right, depth, add || p > 0,
                         {c.data + i * c.row_stride, rows, c.cols, c.row_stride, 1});
    }
  }
}

template <class T>
bool packed_gemm_if_ahead(T alpha, Matrix<const T> a, Matrix<const T> b, T beta, Matrix<T> c) {
  if (!tile::was_measured<T> || (beta != 0 && beta != 1)) return false;
  if (a.row_stride != 1 || b.col_stride != 1 || c.col_stride != 1) return false;
  const int64_t padding = tile::padded<T>(c.cols) - c.cols;
  if (a.cols < least_depth || c.rows < least_rows || 8 * padding > c.cols) return false;
  packed_gemm<T>(alpha, a, b, beta == 1, c);
  return true;
}

#define GRADUS_INSTANTIATE(T)                                                               \
  template bool packed_gemm_if_ahead<T>(T, Matrix<const T>, Matrix<const T>, T, Matrix<T>); \
  template void packed_gemm<T>(T, Matrix<const T>, Matrix<const T>, bool, Matrix<T>);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

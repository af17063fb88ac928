/// @file
/// Small matrix products of our own, for the tiles inside fused attention: operands are a few tens of KiB and
/// lie in cache, where a BLAS call costs as much in set-up and packing as in arithmetic.
///
/// The shape is that of Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication": the
/// right side is packed in panels as wide as two vector registers; up to six rows of the left side meet one
/// panel, and the 6 x 2 registers of sums stay in registers along the whole depth.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace gradus::kernels::tile {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
#endif

/// Where products of many rows or long sums by these tiles were measured to be ahead of BLIS's kernels.
#if defined(__AVX2__) && defined(__FMA__) && !defined(__AVX512F__)
template <class T>
inline constexpr bool was_measured = std::is_same_v<T, float>;
#else
template <class T>
inline constexpr bool was_measured = false;
#endif

template <class T>
inline constexpr int lanes = vector_bytes / static_cast<int>(sizeof(T));
/// Columns of a panel.
template <class T>
inline constexpr int panel_width = 2 * lanes<T>;
inline constexpr int max_rows = 6;

template <class T>
constexpr int64_t padded(int64_t cols) {
  return (cols + panel_width<T> - 1) / panel_width<T> * panel_width<T>;
}

/// How many of `left` rows the next tile takes: six, but eight are four and four rather than six and a slow
/// two.
constexpr int64_t rows_of_next(int64_t left) {
  return left >= max_rows && left != 8 ? max_rows : std::min<int64_t>(left, 4);
}

/// What becomes of a sum: c = row_factor[i] * factor * sum, plus the old c if `add`, or else the bias of its
/// column if there is one.
template <class T>
struct Finish {
  T factor = 1;
  const T* row_factor = nullptr;
  bool add = false;
  const T* bias = nullptr;
};

/// Packs b[depth, cols] = source[p * row_stride + j] into panels: panel j / width holds its columns row by
/// row. Missing columns of the last panel become 0. `panels` holds depth * padded(cols) elements.
template <class T>
void pack_rows(const T* source, int64_t row_stride, int64_t depth, int64_t cols, T* panels) {
  constexpr int width = panel_width<T>;
  for (int64_t j = 0; j < cols; j += width, panels += depth * width) {
    const int64_t n = std::min<int64_t>(width, cols - j);
    for (int64_t p = 0; p < depth; ++p) {
      T* const to = panels + p * width;
      const T* const from = source + p * row_stride + j;
      if (n == width) {
        std::memcpy(to, from, sizeof(T) * width);
      } else {
        std::copy(from, from + n, to);
        std::fill(to + n, to + width, T(0));
      }
    }
  }
}

/// to[c * to_stride + r] = from[r * from_stride + c] for a 4 x 4 block, in eight shuffles of registers.
inline void transpose_block(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  typedef float Four __attribute__((vector_size(16), aligned(4), may_alias));
  const auto row = [&](int r) { return *reinterpret_cast<const Four*>(from + r * from_stride); };
  const Four r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  const Four low01 = __builtin_shufflevector(r0, r1, 0, 4, 1, 5);
  const Four low23 = __builtin_shufflevector(r2, r3, 0, 4, 1, 5);
  const Four high01 = __builtin_shufflevector(r0, r1, 2, 6, 3, 7);
  const Four high23 = __builtin_shufflevector(r2, r3, 2, 6, 3, 7);
  const auto store = [&](int c, Four x) { *reinterpret_cast<Four*>(to + c * to_stride) = x; };
  store(0, __builtin_shufflevector(low01, low23, 0, 1, 4, 5));
  store(1, __builtin_shufflevector(low01, low23, 2, 3, 6, 7));
  store(2, __builtin_shufflevector(high01, high23, 0, 1, 4, 5));
  store(3, __builtin_shufflevector(high01, high23, 2, 3, 6, 7));
}

inline void transpose_block(const double* from, int64_t from_stride, double* to, int64_t to_stride) {
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 4; ++c) to[c * to_stride + r] = from[r * from_stride + c];
  }
}

/// The same for the transpose: b[depth, cols] = source[j * row_stride + p].
template <class T>
void pack_transposed(const T* source, int64_t row_stride, int64_t depth, int64_t cols, T* panels) {
  constexpr int width = panel_width<T>;
  for (int64_t j = 0; j < cols; j += width, panels += depth * width) {
    const int64_t n = std::min<int64_t>(width, cols - j);
    if (n < width) std::fill(panels, panels + depth * width, T(0));
    const T* const from = source + j * row_stride;
    const int64_t even_rows = n / 4 * 4, even_depth = depth / 4 * 4;
    for (int64_t i = 0; i < even_rows; i += 4) {
      for (int64_t p = 0; p < even_depth; p += 4)
        transpose_block(from + i * row_stride + p, row_stride, panels + p * width + i, width);
    }
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t p = i < even_rows ? even_depth : 0; p < depth; ++p)
        panels[p * width + i] = from[i * row_stride + p];
    }
  }
}

/// R rows against one panel: c[R, cols] = a[R, depth] panel[depth, width], where element (i, p) of a is
/// a[i * a_row + p * a_col].
template <int R, class T>
void multiply_tile(const T* a, int64_t a_row, int64_t a_col, const T* panel, int64_t depth, T* c,
                   int64_t c_row, int64_t cols, const Finish<T>& finish) {
  typedef T Vector __attribute__((vector_size(vector_bytes), aligned(alignof(T)), may_alias));
  constexpr int width = panel_width<T>;
  Vector sum[R][2] = {};
  // Twelve products take the multipliers six cycles; the loop's end should cost little beside them.
#pragma GCC unroll 2
  for (int64_t p = 0; p < depth; ++p) {
    const Vector b0 = *reinterpret_cast<const Vector*>(panel + p * width);
    const Vector b1 = *reinterpret_cast<const Vector*>(panel + p * width + lanes<T>);
#pragma GCC unroll 6
    for (int i = 0; i < R; ++i) {
      const T x = a[i * a_row + p * a_col];
      sum[i][0] += x * b0;
      sum[i][1] += x * b1;
    }
  }
#pragma GCC unroll 6
  for (int i = 0; i < R; ++i) {
    const T factor = finish.row_factor != nullptr ? finish.factor * finish.row_factor[i] : finish.factor;
    T* const row = c + i * c_row;
    const T* const more = finish.add ? row : finish.bias;
    if (cols >= width) {
      for (int half = 0; half < 2; ++half) {
        const Vector product = factor * sum[i][half];
        auto* const out = reinterpret_cast<Vector*>(row + half * lanes<T>);
        *out = more != nullptr ? *reinterpret_cast<const Vector*>(more + half * lanes<T>) + product : product;
      }
    } else {
      T last[width];
      *reinterpret_cast<Vector*>(last) = factor * sum[i][0];
      *reinterpret_cast<Vector*>(last + lanes<T>) = factor * sum[i][1];
      for (int64_t j = 0; j < cols; ++j) row[j] = more != nullptr ? more[j] + last[j] : last[j];
    }
  }
}

/// multiply_tile() for a number of rows that is known only now, 1 to 4 or 6.
template <class T>
void multiply_rows(int64_t rows, const T* a, int64_t a_row, int64_t a_col, const T* panel, int64_t depth,
                   T* c, int64_t c_row, int64_t cols, const Finish<T>& finish) {
  const auto run = [&]<int R>() { multiply_tile<R>(a, a_row, a_col, panel, depth, c, c_row, cols, finish); };
  switch (rows) {
    case 6:
      return run.template operator()<6>();
    case 4:
      return run.template operator()<4>();
    case 3:
      return run.template operator()<3>();
    case 2:
      return run.template operator()<2>();
    default:
      return run.template operator()<1>();
  }
}

/// c[rows, cols] from a[rows, depth] and the first `depth` rows of panels that were packed `packed_depth`
/// deep.
template <class T>
void multiply(const T* a, int64_t a_row, int64_t a_col, const T* panels, int64_t packed_depth, int64_t depth,
              T* c, int64_t c_row, int64_t rows, int64_t cols, const Finish<T>& finish) {
  constexpr int width = panel_width<T>;
  for (int64_t j = 0; j < cols; j += width, panels += packed_depth * width) {
    for (int64_t i = 0; i < rows;) {
      const int64_t take = rows_of_next(rows - i);
      Finish<T> here = finish;
      if (here.row_factor != nullptr) here.row_factor += i;
      if (here.bias != nullptr) here.bias += j;
      multiply_rows(take, a + i * a_row, a_row, a_col, panels, depth, c + i * c_row + j, c_row, cols - j,
                    here);
      i += take;
    }
  }
}

}  // namespace gradus::kernels::tile

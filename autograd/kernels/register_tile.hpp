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

namespace gradus::kernels::tile {

#if defined(__AVX512F__)
inline constexpr int vector_bytes = 64;
#elif defined(__AVX__)
inline constexpr int vector_bytes = 32;
#else
inline constexpr int vector_bytes = 16;
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

/// What becomes of a sum: c = row_factor[i] * factor * sum, plus the old c if `add`.
template <class T>
struct Finish {
  T factor = 1;
  const T* row_factor = nullptr;
  bool add = false;
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

/// The same for the transpose: b[depth, cols] = source[j * row_stride + p].
template <class T>
void pack_transposed(const T* source, int64_t row_stride, int64_t depth, int64_t cols, T* panels) {
  constexpr int width = panel_width<T>;
  for (int64_t j = 0; j < cols; j += width, panels += depth * width) {
    const int64_t n = std::min<int64_t>(width, cols - j);
    if (n < width) std::fill(panels, panels + depth * width, T(0));
    for (int64_t i = 0; i < n; ++i) {
      const T* const from = source + (j + i) * row_stride;
      for (int64_t p = 0; p < depth; ++p) panels[p * width + i] = from[p];
    }
  }
}

/// R rows against one panel: c[R, cols] = a[R, depth] panel[depth, width], a[i, p] = a[i * a_row + p *
/// a_col].
template <int R, class T>
void multiply_tile(const T* a, int64_t a_row, int64_t a_col, const T* panel, int64_t depth, T* c,
                   int64_t c_row, int64_t cols, const Finish<T>& finish) {
  typedef T Vector __attribute__((vector_size(vector_bytes), aligned(alignof(T)), may_alias));
  constexpr int width = panel_width<T>;
  Vector sum[R][2] = {};
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
    if (cols >= width) {
      auto* out = reinterpret_cast<Vector*>(row);
      auto* out1 = reinterpret_cast<Vector*>(row + lanes<T>);
      *out = finish.add ? *out + factor * sum[i][0] : factor * sum[i][0];
      *out1 = finish.add ? *out1 + factor * sum[i][1] : factor * sum[i][1];
    } else {
      for (int64_t j = 0; j < cols; ++j) {
        const T x = factor * sum[i][j / lanes<T>][j % lanes<T>];
        row[j] = finish.add ? row[j] + x : x;
      }
    }
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
      // Six rows at a time; eight are left as four and four rather than six and a slow two.
      const int64_t left = rows - i;
      const int64_t take = left >= max_rows && left != 8 ? max_rows : std::min<int64_t>(left, 4);
      Finish<T> here = finish;
      if (here.row_factor != nullptr) here.row_factor += i;
      const auto run = [&]<int R>() {
        multiply_tile<R>(a + i * a_row, a_row, a_col, panels, depth, c + i * c_row + j, c_row, cols - j,
                         here);
      };
      switch (take) {
        case 6:
          run.template operator()<6>();
          break;
        case 4:
          run.template operator()<4>();
          break;
        case 3:
          run.template operator()<3>();
          break;
        case 2:
          run.template operator()<2>();
          break;
        default:
          run.template operator()<1>();
      }
      i += take;
    }
  }
}

}  // namespace gradus::kernels::tile

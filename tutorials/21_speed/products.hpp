/// @file
/// Chapter 21: one matrix product, four times by hand. a is [m, k], b is [k, n], c is [m, n], row by row; all
/// four write c = a b, and none of them reads what c held before.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace gradus::tutorials::speed {

struct Sizes {
  int64_t m = 0, n = 0, k = 0;
};

/// The formula as it stands: one number of c after the other. b is read down its columns.
inline void by_columns(const float* a, const float* b, float* c, Sizes s) {
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t j = 0; j < s.n; ++j) {
      float sum = 0;
      for (int64_t p = 0; p < s.k; ++p) sum += a[i * s.k + p] * b[p * s.n + j];
      c[i * s.n + j] = sum;
    }
  }
}

/// The two inner loops swapped: everything is read along its rows.
inline void by_rows(const float* a, const float* b, float* c, Sizes s) {
  std::fill(c, c + s.m * s.n, 0.0F);
  for (int64_t i = 0; i < s.m; ++i) {
    for (int64_t p = 0; p < s.k; ++p) {
      for (int64_t j = 0; j < s.n; ++j) c[i * s.n + j] += a[i * s.k + p] * b[p * s.n + j];
    }
  }
}

/// The same in tiles of b: 64 rows and 256 columns of it, 64 KiB, are used for every row of a before the
/// next ones are fetched.
inline void in_cache_tiles(const float* a, const float* b, float* c, Sizes s) {
  constexpr int64_t depth = 64, width = 256;
  std::fill(c, c + s.m * s.n, 0.0F);
  for (int64_t j0 = 0; j0 < s.n; j0 += width) {
    for (int64_t p0 = 0; p0 < s.k; p0 += depth) {
      const int64_t j1 = std::min(j0 + width, s.n), p1 = std::min(p0 + depth, s.k);
      for (int64_t i = 0; i < s.m; ++i) {
        for (int64_t p = p0; p < p1; ++p) {
          for (int64_t j = j0; j < j1; ++j) c[i * s.n + j] += a[i * s.k + p] * b[p * s.n + j];
        }
      }
    }
  }
}

constexpr int64_t tile_rows = 4;
/// Numbers that a processor with AVX2 adds or multiplies at once. One with AVX-512 could do 16; where it has
/// to make two halves of them, GCC keeps the sums in memory, and the tile is slower than plain loops.
constexpr int64_t lanes = 8;
using Lanes = float __attribute__((vector_size(lanes * sizeof(float)), aligned(sizeof(float)), may_alias));
constexpr int64_t tile_cols = 2 * lanes;

/// The columns j0 ... j0 + 15 of b as a matrix of their own, [k, 16], with zeros where b has no more.
inline std::vector<float> packed(const float* b, int64_t j0, Sizes s) {
  std::vector<float> panel(static_cast<size_t>(s.k * tile_cols));
  const int64_t cols = std::min(tile_cols, s.n - j0);
  for (int64_t p = 0; p < s.k; ++p) std::copy_n(b + p * s.n + j0, cols, panel.data() + p * tile_cols);
  return panel;
}

/// 4 x 16 numbers of c, which stay in the processor's registers from the first p to the last.
inline void register_tile(const float* a, const float* panel, float* tile, int64_t k) {
  Lanes sums[tile_rows][2] = {};
  for (int64_t p = 0; p < k; ++p) {
    const auto* row = reinterpret_cast<const Lanes*>(panel + p * tile_cols);
    for (int64_t i = 0; i < tile_rows; ++i) {
      sums[i][0] += a[i * k + p] * row[0];
      sums[i][1] += a[i * k + p] * row[1];
    }
  }
  std::copy_n(reinterpret_cast<const float*>(sums), tile_rows * tile_cols, tile);
}

/// In register tiles. At the edges of c a whole tile is computed, too, filled up with zeros, and only what c
/// has of it is kept.
inline void in_register_tiles(const float* a, const float* b, float* c, Sizes s) {
  float tile[tile_rows * tile_cols];
  std::vector<float> rows(static_cast<size_t>(tile_rows * s.k));
  for (int64_t j0 = 0; j0 < s.n; j0 += tile_cols) {
    const std::vector<float> panel = packed(b, j0, s);
    const int64_t cols = std::min(tile_cols, s.n - j0);
    for (int64_t i0 = 0; i0 < s.m; i0 += tile_rows) {
      const int64_t count = std::min(tile_rows, s.m - i0);
      if (count < tile_rows) std::copy_n(a + i0 * s.k, count * s.k, rows.data());
      register_tile(count < tile_rows ? rows.data() : a + i0 * s.k, panel.data(), tile, s.k);
      for (int64_t i = 0; i < count; ++i) std::copy_n(tile + i * tile_cols, cols, c + (i0 + i) * s.n + j0);
    }
  }
}

/// Numbers that go between the cache and the registers for one multiply-add. Along the rows: one of b is
/// read, and one of c is read and written. In a register tile: for each p a column of a and a row of b, for
/// all of the tile.
inline double fetched_along_the_rows() { return 3; }
inline double fetched_by_a_tile(int64_t rows, int64_t cols) {
  return static_cast<double>(rows + cols) / static_cast<double>(rows * cols);
}

using ProductByHand = void (*)(const float* a, const float* b, float* c, Sizes s);
inline const std::vector<std::pair<std::string, ProductByHand>>& products_by_hand() {
  static const std::vector<std::pair<std::string, ProductByHand>> all = {
      {"columns: i, j, p", by_columns},
      {"rows: i, p, j", by_rows},
      {"cache tiles: the same in blocks", in_cache_tiles},
      {"register tiles: 4 x 16 sums", in_register_tiles}};
  return all;
}

}  // namespace gradus::tutorials::speed

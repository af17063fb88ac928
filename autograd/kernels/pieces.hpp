/// @file
/// How the row kernels cut their work. Pieces depend on sizes only, never on the number of threads, and
/// partial sums are added in the order of the pieces: so any number of threads gives the same bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "autograd/kernels/parallel.hpp"

namespace gradus::kernels {

/// Elements a piece: long enough to hide the cost of handing it to a thread, short enough for the L2 cache.
inline constexpr int64_t elements_per_piece = 16384;

/// Rows of `cols` elements that make one piece.
inline int64_t rows_per_piece(int64_t cols) {
  return std::max<int64_t>(1, elements_per_piece / std::max<int64_t>(1, cols));
}

/// The same where each piece leaves a row of partial sums: at most 64 pieces, so that these stay few.
inline int64_t rows_per_partial_sum(int64_t rows, int64_t cols) {
  return std::max(rows_per_piece(cols), (rows + 63) / 64);
}

/// Memory for partial sums that the calling thread keeps between calls, so that a training step allocates
/// nothing. The content is whatever was left there; one kernel uses it at a time.
template <class T>
T* scratch(int64_t n) {
  thread_local std::vector<T> memory;
  if (memory.size() < static_cast<size_t>(n)) memory.resize(static_cast<size_t>(n));
  return memory.data();
}

/// out[j] = sum over i of partials[i * stride + j], i in rising order; 0 if there are none. A null `out` is
/// skipped.
template <class T>
void sum_partials(const T* partials, int64_t pieces, int64_t stride, int64_t cols, T* out) {
  if (out == nullptr) return;
  std::fill_n(out, cols, T(0));
  for (int64_t i = 0; i < pieces; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) out[j] += partials[i * stride + j];
  }
}

/// Sums down columns, one row of `cols` for each of `totals`: add(begin, end, sums) adds what rows [begin,
/// end) give to sums, [totals.size(), cols], and row k of all sums goes to total k. A null total is skipped.
///
/// `add` takes a range of rows, so that the loop over rows is the kernel's own: called for one row at a time
/// it made column_sum a third slower.
template <class T, class Add>
void column_sums(int64_t rows, int64_t cols, std::initializer_list<T*> totals, Add add) {
  const int64_t width = static_cast<int64_t>(totals.size()) * cols;
  const int64_t grain = rows_per_partial_sum(rows, cols), pieces = (rows + grain - 1) / grain;
  T* partials = scratch<T>(pieces * width);
  parallel_ranges(rows, grain, [=](int64_t begin, int64_t end) {
    T* sums = partials + begin / grain * width;
    std::fill_n(sums, width, T(0));
    add(begin, end, sums);
  });
  for (T* total : totals) {
    sum_partials(partials, pieces, width, cols, total);
    partials += cols;
  }
}

}  // namespace gradus::kernels

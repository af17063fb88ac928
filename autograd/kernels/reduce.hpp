/// @file
/// Sums, maxima and minima over some dimensions, in an order that does not depend on threads.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>
#include <vector>

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/view.hpp"
#include "autograd/kernels/wrapping.hpp"

namespace gradus::kernels {

/// Sums are taken in double, so that a long f32 sum loses nothing on the way.
template <class T>
struct SumOp {
  using Total = std::conditional_t<std::is_same_v<T, float>, double, T>;
  static constexpr Total start = 0;
  static Total join(Total a, Total b) { return wrapping<std::plus<>>(a, b); }
};

/// The largest element; a NaN wins over everything, as in PyTorch.
template <class T>
struct MaxOp {
  using Total = T;
  static constexpr Total start =
      std::is_floating_point_v<T> ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  static Total join(Total a, Total b) { return a >= b || a != a ? a : b; }
};

template <class T>
struct MinOp {
  using Total = T;
  static constexpr Total start =
      std::is_floating_point_v<T> ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  static Total join(Total a, Total b) { return a <= b || a != a ? a : b; }
};

/// The offset of the `index`-th element of a row-major walk over `shape`.
inline int64_t offset_of(int64_t index, const Shape& shape, const Strides& strides) {
  int64_t offset = 0;
  for (int d = shape.rank() - 1; d >= 0; --d) {
    offset += index % shape[d] * strides[d];
    index /= shape[d];
  }
  return offset;
}

/// Reduces `count` elements, those of `shape`/`strides` from the `begin`-th on, to one.
template <class Op, class T>
typename Op::Total reduce_run(const T* data, const Shape& shape, const Strides& strides, int64_t begin,
                              int64_t count) {
  const int64_t inner = shape.rank() == 0 ? 1 : shape.back();
  const int64_t step = shape.rank() == 0 ? 1 : strides.back();
  // Sixteen running totals break the chain of dependent additions and let the compiler use vectors.
  constexpr int lanes = 16;
  typename Op::Total totals[lanes];
  std::fill_n(totals, lanes, Op::start);
  for (int64_t i = begin; i < begin + count;) {
    const int64_t in_row = i % inner, n = std::min(inner - in_row, begin + count - i);
    const T* row = data + offset_of(i, shape, strides);
    int64_t j = 0;
    if (step == 1) {
      for (; j + lanes <= n; j += lanes) {
        for (int l = 0; l < lanes; ++l) totals[l] = Op::join(totals[l], row[j + l]);
      }
    }
    for (; j < n; ++j) totals[j % lanes] = Op::join(totals[j % lanes], row[j * step]);
    i += n;
  }
  for (int l = 1; l < lanes; ++l) totals[0] = Op::join(totals[0], totals[l]);
  return totals[0];
}

/// Reduces every dimension d of `in` with `reduced[d]` to size 1; `out` is dense, in row-major order of the
/// rest.
template <template <class> class Kind, class T>
void reduce(T* out, View<const T> in, const std::vector<bool>& reduced) {
  const ProfileScope scope("reduce");
  using Op = Kind<T>;
  using Total = typename Op::Total;
  Shape kept, kept_strides, gone, gone_strides;
  for (int d = 0; d < in.shape.rank(); ++d) {
    (reduced[static_cast<size_t>(d)] ? gone : kept).push_back(in.shape[d]);
    (reduced[static_cast<size_t>(d)] ? gone_strides : kept_strides).push_back(in.strides[d]);
  }
  const int64_t outputs = kept.numel(), count = gone.numel();
  if (outputs == 0) return;

  const bool columns = kept.rank() > 0 && kept.back() > 1 && kept_strides.back() == 1;
  if (columns) {
    // Neighbouring outputs read neighbouring elements: walk down several columns at once.
    constexpr int64_t width = 64;
    const int64_t inner = kept.back(), blocks = (inner + width - 1) / width;
    parallel_for(outputs / inner * blocks, [&](int64_t job) {
      const int64_t first = job / blocks * inner + job % blocks * width;
      const int64_t n = std::min(width, inner - job % blocks * width);
      Total totals[width];
      std::fill_n(totals, width, Op::start);
      const T* column = in.data + offset_of(first, kept, kept_strides);
      for (int64_t i = 0; i < count; ++i) {
        const T* row = column + offset_of(i, gone, gone_strides);
        for (int64_t j = 0; j < n; ++j) totals[j] = Op::join(totals[j], row[j]);
      }
      for (int64_t j = 0; j < n; ++j) out[first + j] = static_cast<T>(totals[j]);
    });
    return;
  }

  // Long reductions are cut into pieces whose totals are joined in order.
  constexpr int64_t piece = 65536;
  const int64_t pieces = std::max<int64_t>(1, count / piece + (count % piece != 0));
  if (pieces == 1) {
    const int64_t grain = std::max<int64_t>(1, piece / std::max<int64_t>(1, count));
    parallel_ranges(outputs, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const T* data = in.data + offset_of(i, kept, kept_strides);
        out[i] = static_cast<T>(reduce_run<Op>(data, gone, gone_strides, 0, count));
      }
    });
    return;
  }
  std::vector<Total> partial(static_cast<size_t>(outputs * pieces));
  parallel_for(outputs * pieces, [&](int64_t job) {
    const int64_t begin = job % pieces * piece;
    const T* data = in.data + offset_of(job / pieces, kept, kept_strides);
    partial[static_cast<size_t>(job)] =
        reduce_run<Op>(data, gone, gone_strides, begin, std::min(piece, count - begin));
  });
  for (int64_t i = 0; i < outputs; ++i) {
    Total total = partial[static_cast<size_t>(i * pieces)];
    for (int64_t p = 1; p < pieces; ++p)
      total = Op::join(total, partial[static_cast<size_t>(i * pieces + p)]);
    out[i] = static_cast<T>(total);
  }
}

}  // namespace gradus::kernels

/// @file
/// Applies a function to every element, whatever the strides: `out[i] = f(a[i], b[i], ...)`.
///
/// The views must all have the shape of `out` (a broadcast is a stride of 0). Neighbouring dimensions that
/// can be walked as one are merged first; then the innermost loop runs over plain pointers, and where all of
/// them step by 1 (or stand still) the compiler turns it into vector code.
#pragma once

#include <array>
#include <tuple>

#include "autograd/kernels/parallel.hpp"
#include "autograd/kernels/view.hpp"

namespace gradus::kernels {

/// A loop nest over N arrays: sizes, and the strides of each array; dimensions of size 1 dropped, others
/// merged.
template <int N>
struct LoopNest {
  int rank = 0;
  int64_t sizes[Shape::max_rank];
  std::array<int64_t, N> strides[Shape::max_rank];

  LoopNest(const Shape& shape, const std::array<const Strides*, N>& all) {
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] == 1) continue;
      std::array<int64_t, N> step;
      for (int n = 0; n < N; ++n) step[n] = (*all[n])[i];
      // The dimension before this one can be merged if a step there equals a whole run here, in every array.
      bool merge = rank > 0;
      for (int n = 0; n < N && merge; ++n) merge = strides[rank - 1][n] == step[n] * shape[i];
      if (merge) {
        sizes[rank - 1] *= shape[i];
        strides[rank - 1] = step;
      } else {
        sizes[rank] = shape[i];
        strides[rank++] = step;
      }
    }
    if (rank == 0) {
      sizes[0] = 1;
      strides[0].fill(0);
      rank = 1;
    }
  }
};

namespace detail {

/// The innermost loop. Steps of 1 and 0 are told to the compiler as constants, so that it can vectorise. Not
/// inlined: `map` calls it from several places, and each copy would be compiled and vectorised anew.
template <class Out, class F, class... In>
[[gnu::noinline]] void inner_loop(int64_t n, Out* out, int64_t out_step, F& f, std::array<int64_t, sizeof...(In)> step,
                       const In*... in) {
  const auto run = [&]<size_t... I>(std::index_sequence<I...>) {
    const bool dense = out_step == 1 && ((step[I] == 1) && ...);
    if (dense) {
      for (int64_t i = 0; i < n; ++i) out[i] = f(in[i]...);
      return;
    }
    if constexpr (sizeof...(In) == 2) {
      const auto [a, b] = std::tuple(in...);
      if (out_step == 1 && step[0] == 1 && step[1] == 0) {
        const auto constant = *b;
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], constant);
        return;
      }
      if (out_step == 1 && step[0] == 0 && step[1] == 1) {
        const auto constant = *a;
        for (int64_t i = 0; i < n; ++i) out[i] = f(constant, b[i]);
        return;
      }
    }
    for (int64_t i = 0; i < n; ++i) out[i * out_step] = f(in[i * step[I]]...);
  };
  run(std::make_index_sequence<sizeof...(In)>{});
}

}  // namespace detail

/// out[i] = f(in[i]...) for every index i. `out` may be one of the inputs (same data and strides).
template <class Out, class... In, class F>
void map(View<Out> out, View<const std::type_identity_t<In>>... in, F f) {
  constexpr int count = sizeof...(In);
  const int64_t total = out.numel();
  if (total == 0) return;
  const LoopNest<count + 1> nest(out.shape, {&out.strides, &in.strides...});
  const int last = nest.rank - 1;
  const int64_t inner = nest.sizes[last], rows = total / inner;
  // Pieces of about 32k elements: cut the inner loop if it is long, else take several rows.
  constexpr int64_t piece = 32768;
  const int64_t cuts = (inner + piece - 1) / piece, chunk = (inner + cuts - 1) / cuts;
  const int64_t rows_at_once = std::max<int64_t>(1, piece / inner);

  const auto run_row = [&](int64_t row, int64_t begin, int64_t n) {
    std::array<int64_t, count + 1> at;
    for (int k = 0; k <= count; ++k) at[k] = begin * nest.strides[last][k];
    for (int d = last - 1; d >= 0; --d) {
      const int64_t i = row % nest.sizes[d];
      row /= nest.sizes[d];
      for (int k = 0; k <= count; ++k) at[k] += i * nest.strides[d][k];
    }
    std::array<int64_t, count> step;
    for (int k = 0; k < count; ++k) step[k] = nest.strides[last][k + 1];
    [&]<size_t... I>(std::index_sequence<I...>) {
      detail::inner_loop<Out, F, In...>(n, out.data + at[0], nest.strides[last][0], f, step,
                                        (in.data + at[I + 1])...);
    }
    (std::make_index_sequence<count>{});
  };
  if (cuts > 1) {
    parallel_for(rows * cuts, [&](int64_t job) {
      const int64_t begin = job % cuts * chunk;
      run_row(job / cuts, begin, std::min(chunk, inner - begin));
    });
  } else {
    parallel_ranges(rows, rows_at_once, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) run_row(row, 0, inner);
    });
  }
}

}  // namespace gradus::kernels

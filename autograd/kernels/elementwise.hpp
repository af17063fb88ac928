/// @file
/// Applies a function to every element, whatever the strides: `out[i] = f(a[i], b[i], ...)`.
///
/// The views must all have the shape of `out` (a broadcast is a stride of 0). The walk over rows is compiled
/// once, for all functions; only the loop along one row is a template, and where all its arrays step by 1 (or
/// stand still) the compiler turns it into vector code.
#pragma once

#include <array>
#include <tuple>
#include <type_traits>
#include <utility>

#include "autograd/kernels/view.hpp"

namespace gradus::kernels {

/// The most arrays that one walk can pair: an output and three inputs.
inline constexpr int max_arrays = 4;

/// What is done with one row: array k begins `at[k]` elements from its data and steps by `step[k]`, n times.
using RowFunction = void (*)(void* context, const int64_t* at, const int64_t* step, int64_t n);

/// Calls `row(context, ...)` for every row of the arrays with these strides, all of the given shape, in
/// pieces that threads share. Dimensions that can be walked as one are merged first, so rows are as long as
/// can be.
void for_each_row(const Shape& shape, const std::array<const Strides*, max_arrays>& strides, RowFunction row,
                  void* context);

namespace detail {

template <class Out, class F, class... In>
inline void run_row(F& f, const int64_t* step, int64_t n, Out* out, const In*... in) {
  [&]<size_t... I>(std::index_sequence<I...>) {
    if (step[0] == 1 && ((step[I + 1] == 1) && ...)) {
      for (int64_t i = 0; i < n; ++i) out[i] = f(in[i]...);
      return;
    }
    if constexpr (sizeof...(In) == 2) {
      const auto [a, b] = std::tuple(in...);
      if (step[0] == 1 && step[1] == 1 && step[2] == 0) {
        const auto constant = *b;
        for (int64_t i = 0; i < n; ++i) out[i] = f(a[i], constant);
        return;
      }
    }
    for (int64_t i = 0; i < n; ++i) out[i * step[0]] = f(in[i * step[I + 1]]...);
  }
  (std::make_index_sequence<sizeof...(In)>{});
}

}  // namespace detail

/// out[i] = f(in[i]...) for every index i. `out` may be one of the inputs (same data and strides).
template <class Out, class... In, class F>
void map(View<Out> out, View<const std::type_identity_t<In>>... in, F f) {
  static_assert(sizeof...(In) < max_arrays);
  struct Context {
    Out* out;
    std::tuple<const In*...> in;
    F& f;
  } context{out.data, {in.data...}, f};
  const RowFunction row = [](void* pointer, const int64_t* at, const int64_t* step, int64_t n) {
    const Context& c = *static_cast<Context*>(pointer);
    [&]<size_t... I>(std::index_sequence<I...>) {
      detail::run_row<Out, F, In...>(c.f, step, n, c.out + at[0], (std::get<I>(c.in) + at[I + 1])...);
    }
    (std::make_index_sequence<sizeof...(In)>{});
  };
  for_each_row(out.shape, {&out.strides, &in.strides...}, row, &context);
}

}  // namespace gradus::kernels

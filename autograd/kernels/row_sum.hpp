/// @file
/// A sum over a row, made of four so that no addition waits for the one before it.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// f(0) + ... + f(n - 1), as four sums side by side, a quarter of the row each: in a single one each
/// addition would wait for the one before it (three or four cycles). The order depends on n only.
template <class T, class F>
[[gnu::always_inline]] inline T sum_over(int64_t n, F&& f) {
  const int64_t quarter = n / 4;
  T a = 0, b = 0, c = 0, d = 0;
#pragma omp simd reduction(+ : a, b, c, d)
  for (int64_t j = 0; j < quarter; ++j) {
    a += f(j);
    b += f(j + quarter);
    c += f(j + 2 * quarter);
    d += f(j + 3 * quarter);
  }
  for (int64_t j = 4 * quarter; j < n; ++j) a += f(j);
  return (a + b) + (c + d);
}

}  // namespace gradus::kernels

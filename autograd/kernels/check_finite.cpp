#include "autograd/kernels/check_finite.hpp"

#include <cmath>

#include "autograd/kernels/pieces.hpp"

namespace gradus::kernels {

namespace {

/// 0 x_i is 0 where x_i is finite and NaN elsewhere, and so is a sum of them.
template <class T>
bool all_finite(const T* x, int64_t n) {
  T zero = 0;
#pragma omp simd reduction(+ : zero)
  for (int64_t i = 0; i < n; ++i) zero += 0 * x[i];
  return zero == 0;
}

}  // namespace

template <class T>
int64_t first_not_finite(const T* x, int64_t n) {
  const int64_t pieces = (n + elements_per_piece - 1) / elements_per_piece;
  int64_t* first = scratch<int64_t>(pieces);
  parallel_for(pieces, [=](int64_t piece) {
    const int64_t begin = piece * elements_per_piece, end = std::min(n, begin + elements_per_piece);
    first[piece] = -1;
    if (all_finite(x + begin, end - begin)) return;
    const T* bad = std::find_if(x + begin, x + end, [](T value) { return !std::isfinite(value); });
    first[piece] = bad - x;
  });
  const int64_t* bad = std::find_if(first, first + pieces, [](int64_t i) { return i >= 0; });
  return bad == first + pieces ? -1 : *bad;
}

template int64_t first_not_finite(const float*, int64_t);
template int64_t first_not_finite(const double*, int64_t);

}  // namespace gradus::kernels

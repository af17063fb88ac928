#include "autograd/kernels/layers/cross_entropy.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/kernels/layers/row_exp.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/row_sum.hpp"

namespace gradus::kernels {

template <class T>
int64_t cross_entropy(const T* logits, const int64_t* targets, int64_t ignore_index, double smoothing,
                      T* loss, T* shift, T* inverse, int64_t rows, int64_t classes) {
  const ProfileScope scope("cross_entropy");
  profile::add_elements<T>(rows * classes);
  for (int64_t row = 0; row < rows; ++row) {
    if (targets[row] != ignore_index && (targets[row] < 0 || targets[row] >= classes)) return row;
  }
  const T s = static_cast<T>(smoothing);
  parallel_ranges(rows, rows_per_piece(classes), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* x = logits + row * classes;
      const T largest = row_shift(x, classes), sum = sum_of_exp(x, largest, classes);
      const T log_sum = sum == 0 ? T(0) : std::log(sum);  // as in log_softmax
      shift[row] = largest;
      inverse[row] = sum == 0 ? T(0) : 1 / sum;
      if (targets[row] == ignore_index) {
        loss[row] = 0;
        continue;
      }
      loss[row] = log_sum - (1 - s) * (x[targets[row]] - largest);
      if (s == 0) continue;  // 0 times a logit of -Inf would be NaN
      const T below = sum_over<T>(classes, [=](int64_t j) { return x[j] - largest; });
      loss[row] -= s * (below / static_cast<T>(classes));
    }
  });
  return -1;
}

template <class T>
void cross_entropy_backward(const T* logits, const int64_t* targets, const T* shift, const T* inverse,
                            const T* dloss, int64_t ignore_index, double smoothing, T* dlogits, int64_t rows,
                            int64_t classes) {
  const ProfileScope scope("cross_entropy backward");
  profile::add_elements<T>(2 * rows * classes);
  const T s = static_cast<T>(smoothing), floor = s / static_cast<T>(classes);
  parallel_ranges(rows, rows_per_piece(classes), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* x = logits + row * classes;
      T* dx = dlogits + row * classes;
      if (targets[row] == ignore_index) {
        std::fill_n(dx, classes, T(0));
        continue;
      }
      const T largest = shift[row], part = inverse[row], scale = dloss[row];
#pragma omp simd
      for (int64_t j = 0; j < classes; ++j)
        dx[j] = scale * (math::exp_nonpositive(x[j] - largest) * part - floor);
      dx[targets[row]] -= scale * (1 - s);
    }
  });
}

#define GRADUS_INSTANTIATE(T)                                                                              \
  template int64_t cross_entropy(const T*, const int64_t*, int64_t, double, T*, T*, T*, int64_t, int64_t); \
  template void cross_entropy_backward(const T*, const int64_t*, const T*, const T*, const T*, int64_t,    \
                                       double, T*, int64_t, int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

#include "autograd/kernels/layers/bias.hpp"

#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"

namespace gradus::kernels {

template <class T>
void add_bias(T* x, const T* bias, int64_t rows, int64_t cols) {
  const ProfileScope scope("add_bias");
  profile::add_elements<T>(2 * rows * cols);
  parallel_ranges(rows, rows_per_piece(cols), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      T* out = x + row * cols;
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) out[j] += bias[j];
    }
  });
}

template <class T>
void column_sum(const T* dy, T* dbias, int64_t rows, int64_t cols) {
  const ProfileScope scope("column_sum");
  profile::add_elements<T>(rows * cols);
  column_sums<T>(rows, cols, {dbias}, [=](int64_t begin, int64_t end, T* sum) {
    for (int64_t row = begin; row < end; ++row) {
      const T* d = dy + row * cols;
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) sum[j] += d[j];
    }
  });
}

#define GRADUS_INSTANTIATE(T)                             \
  template void add_bias(T*, const T*, int64_t, int64_t); \
  template void column_sum(const T*, T*, int64_t, int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

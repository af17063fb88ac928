#include "autograd/kernels/layers/softmax.hpp"

#include <cmath>

#include "autograd/kernels/layers/row_exp.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/row_sum.hpp"

namespace gradus::kernels {

namespace {

/// Calls body(offset of the row) for every row, in fixed pieces of rows.
template <class Body>
void each_row(int64_t rows, int64_t cols, Body&& body) {
  parallel_ranges(rows, rows_per_piece(cols), [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) body(row * cols);
  });
}

}  // namespace

template <class T>
void softmax(const T* x, T* y, int64_t rows, int64_t cols) {
  const ProfileScope scope("softmax");
  profile::add_elements<T>(2 * rows * cols);
  each_row(rows, cols, [=](int64_t at) {
    const T* in = x + at;
    T* out = y + at;
    const T shift = row_shift(in, cols);
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < cols; ++j) {
      const T e = math::exp_nonpositive(in[j] - shift);
      out[j] = e;
      sum += e;
    }
    const T scale = sum == 0 ? T(0) : 1 / sum;
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) out[j] *= scale;
  });
}

template <class T>
void softmax_backward(const T* y, const T* dy, T* dx, int64_t rows, int64_t cols) {
  const ProfileScope scope("softmax backward");
  profile::add_elements<T>(3 * rows * cols);
  each_row(rows, cols, [=](int64_t at) {
    const T *p = y + at, *dp = dy + at;
    T* out = dx + at;
    const T dot = sum_over<T>(cols, [=](int64_t j) { return dp[j] * p[j]; });
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) out[j] = p[j] * (dp[j] - dot);
  });
}

template <class T>
void log_softmax(const T* x, T* y, int64_t rows, int64_t cols) {
  const ProfileScope scope("log_softmax");
  profile::add_elements<T>(2 * rows * cols);
  each_row(rows, cols, [=](int64_t at) {
    const T* in = x + at;
    T* out = y + at;
    const T shift = row_shift(in, cols);
    const T sum = sum_of_exp(in, shift, cols);
    const T log_sum = sum == 0 ? T(0) : std::log(sum);
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) out[j] = in[j] - shift - log_sum;
  });
}

template <class T>
void log_softmax_backward(const T* y, const T* dy, T* dx, int64_t rows, int64_t cols) {
  const ProfileScope scope("log_softmax backward");
  profile::add_elements<T>(3 * rows * cols);
  each_row(rows, cols, [=](int64_t at) {
    const T *log_p = y + at, *dp = dy + at;
    T* out = dx + at;
    const T sum = sum_over<T>(cols, [=](int64_t j) { return dp[j]; });
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) out[j] = dp[j] - math::exp_nonpositive(log_p[j]) * sum;
  });
}

#define GRADUS_INSTANTIATE(T)                                               \
  template void softmax(const T*, T*, int64_t, int64_t);                    \
  template void softmax_backward(const T*, const T*, T*, int64_t, int64_t); \
  template void log_softmax(const T*, T*, int64_t, int64_t);                \
  template void log_softmax_backward(const T*, const T*, T*, int64_t, int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

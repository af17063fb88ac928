#include "autograd/kernels/layers/bias_act.hpp"

#include "autograd/kernels/math.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/row_or.hpp"

namespace gradus::kernels {

namespace {

template <Activation kind, class T>
[[gnu::always_inline]] inline math::ValueAndSlope<T> activate(T z) {
  if constexpr (kind == Activation::gelu) {
    return math::gelu_erf_and_slope(z);
  } else if constexpr (kind == Activation::gelu_tanh) {
    return math::gelu_tanh_and_slope(z);
  } else if constexpr (kind == Activation::silu) {
    const T s = math::sigmoid(z);
    return {z * s, s + z * s * (1 - s)};
  } else if constexpr (kind == Activation::sigmoid) {
    const T s = math::sigmoid(z);
    return {s, s * (1 - s)};
  } else if constexpr (kind == Activation::identity) {
    return {z, T(1)};
  } else {
    return {z < 0 ? T(0) : z, z != z ? z : z > 0 ? T(1) : T(0)};  // a NaN stays one
  }
}

template <Activation kind, class T>
void activate_rows(const T* x, const T* bias, T* y, T* derivative, int64_t rows, int64_t cols) {
  parallel_ranges(rows, rows_per_piece(cols), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* in = x + row * cols;
      T* out = y + row * cols;
      if (derivative == nullptr) {
#pragma omp simd
        for (int64_t j = 0; j < cols; ++j) out[j] = activate<kind>(in[j] + bias[j]).value;
      } else {
        T* slope = derivative + row * cols;
#pragma omp simd
        for (int64_t j = 0; j < cols; ++j) {
          const math::ValueAndSlope<T> a = activate<kind>(in[j] + bias[j]);
          out[j] = a.value;
          slope[j] = a.slope;
        }
      }
    }
  });
}

}  // namespace

template <class T>
void bias_act(Activation kind, const T* x, const T* bias, T* y, T* derivative, int64_t rows, int64_t cols) {
  const ProfileScope scope("bias_activation");
  profile::add_elements<T>((derivative == nullptr ? 2 : 3) * rows * cols);
  const RowOr<T> biases(bias, cols, 0);
  const T* add = biases.data();
  switch (kind) {
    case Activation::relu:
      return activate_rows<Activation::relu>(x, add, y, derivative, rows, cols);
    case Activation::gelu:
      return activate_rows<Activation::gelu>(x, add, y, derivative, rows, cols);
    case Activation::gelu_tanh:
      return activate_rows<Activation::gelu_tanh>(x, add, y, derivative, rows, cols);
    case Activation::silu:
      return activate_rows<Activation::silu>(x, add, y, derivative, rows, cols);
    case Activation::sigmoid:
      return activate_rows<Activation::sigmoid>(x, add, y, derivative, rows, cols);
    case Activation::identity:
      return activate_rows<Activation::identity>(x, add, y, derivative, rows, cols);
  }
}

template <class T>
void bias_act_backward(const T* dy, const T* derivative, T* dx, T* dbias, int64_t rows, int64_t cols) {
  const ProfileScope scope("bias_activation backward");
  profile::add_elements<T>(3 * rows * cols);
  column_sums<T>(rows, cols, {dbias}, [=](int64_t begin, int64_t end, T* sum) {
    for (int64_t row = begin; row < end; ++row) {
      const T *d = dy + row * cols, *slope = derivative + row * cols;
      T* out = dx + row * cols;
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) {
        const T product = d[j] * slope[j];
        out[j] = product;
        sum[j] += product;
      }
    }
  });
}

#define GRADUS_INSTANTIATE(T)                                                       \
  template void bias_act(Activation, const T*, const T*, T*, T*, int64_t, int64_t); \
  template void bias_act_backward(const T*, const T*, T*, T*, int64_t, int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

#include "autograd/kernels/layers/residual_layer_norm.hpp"

#include "autograd/kernels/layers/dropout_run.hpp"
#include "autograd/kernels/layers/layer_norm_rows.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/row_or.hpp"

namespace gradus::kernels {

template <class T>
void residual_layer_norm(const T* x, const T* bias, const T* residual, const T* gamma, const T* beta,
                         double eps, double p, uint64_t seed, T* xhat, T* y, T* rstd, int64_t rows,
                         int64_t cols) {
  const ProfileScope scope("residual_layer_norm");
  profile::add_elements<T>(4 * rows * cols);
  const RowOr<T> biases(bias, cols, 0), gammas(gamma, cols, 1), betas(beta, cols, 0);
  const T *add = biases.data(), *weight = gammas.data(), *shift = betas.data();
  const uint32_t threshold = dropout_threshold(p);
  const T kept = static_cast<T>(dropout_scale(p));
  parallel_ranges(rows, rows_per_piece(cols), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * cols;
      const T *in = x + at, *skip = residual + at;
      const DropoutRun run(seed, static_cast<uint64_t>(at), threshold);
      T *sum = xhat + at, *out = y + at;  // the sum stands where xhat will
      if (threshold == 0) {
#pragma omp simd
        for (int64_t j = 0; j < cols; ++j) sum[j] = skip[j] + (in[j] + add[j]);
      } else {
#pragma omp simd
        for (int64_t j = 0; j < cols; ++j) {
          const T scaled = (in[j] + add[j]) * kept;
          sum[j] = skip[j] + (run.keep(j) ? scaled : T(0));
        }
      }
      const T center = row_mean(sum, cols), scale = row_rstd(sum, cols, center, static_cast<T>(eps));
      rstd[row] = scale;
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) {
        const T normal = (sum[j] - center) * scale;
        sum[j] = normal;
        out[j] = weight[j] * normal + shift[j];
      }
    }
  });
}

template <class T>
void residual_layer_norm_backward(const T* dy, const T* xhat, const T* rstd, const T* gamma, double p,
                                  uint64_t seed, T* dresidual, T* dx, T* dbias, T* dgamma, T* dbeta,
                                  int64_t rows, int64_t cols) {
  const ProfileScope scope("residual_layer_norm backward");
  profile::add_elements<T>((dx == nullptr ? 3 : 4) * rows * cols);
  const RowOr<T> gammas(gamma, cols, 1);
  const T* weight = gammas.data();
  const uint32_t threshold = dropout_threshold(p);
  const T kept = static_cast<T>(dropout_scale(p));
  if (dx == nullptr) dx = dresidual;
  column_sums<T>(rows, cols, {dgamma, dbeta, dbias}, [=](int64_t begin, int64_t end, T* gamma_sum) {
    T *beta_sum = gamma_sum + cols, *bias_sum = beta_sum + cols;
    for (int64_t row = begin; row < end; ++row) {
      const int64_t at = row * cols;
      const T *d = dy + at, *normal = xhat + at;
      const DropoutRun run(seed, static_cast<uint64_t>(at), threshold);
      T *skip = dresidual + at, *out = dx + at;
      T sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
      for (int64_t j = 0; j < cols; ++j) {
        const T g = d[j] * weight[j];
        sum += g;
        dot += g * normal[j];
      }
      const T mean_g = sum / static_cast<T>(cols), mean_gx = dot / static_cast<T>(cols), scale = rstd[row];
      const T nothing = scale * (mean_g - mean_g);  // of a row of one number, as in layer_norm.cpp
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) {
        const T slope = d[j], unit = normal[j];
        const T ds = cols == 1 ? nothing : scale * (slope * weight[j] - mean_g - unit * mean_gx);
        const T scaled = ds * kept, dropped = run.keep(j) ? scaled : T(0);
        gamma_sum[j] += slope * unit;
        beta_sum[j] += slope;
        bias_sum[j] += dropped;
        skip[j] = ds;
        out[j] = dropped;
      }
    }
  });
}

#define GRADUS_INSTANTIATE(T)                                                                              \
  template void residual_layer_norm(const T*, const T*, const T*, const T*, const T*, double, double,      \
                                    uint64_t, T*, T*, T*, int64_t, int64_t);                               \
  template void residual_layer_norm_backward(const T*, const T*, const T*, const T*, double, uint64_t, T*, \
                                             T*, T*, T*, T*, int64_t, int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

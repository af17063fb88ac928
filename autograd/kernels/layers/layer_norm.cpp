#include "autograd/kernels/layers/layer_norm.hpp"

#include "autograd/kernels/layers/layer_norm_rows.hpp"
#include "autograd/kernels/measure/profile.hpp"
#include "autograd/kernels/measure/traffic.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/row_or.hpp"

namespace gradus::kernels {

template <class T>
void layer_norm(const T* x, const T* gamma, const T* beta, double eps, T* y, T* mean, T* rstd, int64_t rows,
                int64_t cols) {
  const ProfileScope scope("layer_norm");
  profile::add_elements<T>(2 * rows * cols);
  const RowOr<T> gammas(gamma, cols, 1), betas(beta, cols, 0);
  const T *weight = gammas.data(), *shift = betas.data();
  parallel_ranges(rows, rows_per_piece(cols), [=](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* in = x + row * cols;
      T* out = y + row * cols;
      const T center = row_mean(in, cols);
      const T scale = row_rstd(in, cols, center, static_cast<T>(eps));
      mean[row] = center;
      rstd[row] = scale;
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) out[j] = weight[j] * ((in[j] - center) * scale) + shift[j];
    }
  });
}

template <class T>
void layer_norm_backward(const T* dy, const T* x, const T* mean, const T* rstd, const T* gamma, T* dx,
                         T* dgamma, T* dbeta, int64_t rows, int64_t cols) {
  const ProfileScope scope("layer_norm backward");
  profile::add_elements<T>(3 * rows * cols);
  const RowOr<T> gammas(gamma, cols, 1);
  const T* weight = gammas.data();
  column_sums<T>(rows, cols, {dgamma, dbeta}, [=](int64_t begin, int64_t end, T* gamma_sum) {
    T* beta_sum = gamma_sum + cols;
    for (int64_t row = begin; row < end; ++row) {
      const T *d = dy + row * cols, *in = x + row * cols;
      T* out = dx + row * cols;
      const T center = mean[row], scale = rstd[row];
      T sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
      for (int64_t j = 0; j < cols; ++j) {
        const T g = d[j] * weight[j];
        sum += g;
        dot += g * ((in[j] - center) * scale);
      }
      const T mean_g = sum / static_cast<T>(cols), mean_gx = dot / static_cast<T>(cols);
      const T nothing = scale * (mean_g - mean_g);  // NaN where the gradient was no number
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) {
        const T slope = d[j], xhat = (in[j] - center) * scale;
        gamma_sum[j] += slope * xhat;
        beta_sum[j] += slope;
        // A row of one number is its own mean. (Left to the formula, a fused multiply-add would leave the
        // rounding of slope * weight, and 1 / sqrt(eps) is large.)
        out[j] = cols == 1 ? nothing : scale * (slope * weight[j] - mean_g - xhat * mean_gx);
      }
    }
  });
}

#define GRADUS_INSTANTIATE(T)                                                                              \
  template void layer_norm(const T*, const T*, const T*, double, T*, T*, T*, int64_t, int64_t);            \
  template void layer_norm_backward(const T*, const T*, const T*, const T*, const T*, T*, T*, T*, int64_t, \
                                    int64_t);
GRADUS_INSTANTIATE(float)
GRADUS_INSTANTIATE(double)
#undef GRADUS_INSTANTIATE

}  // namespace gradus::kernels

/// @file
/// Chapter 21: bias and GELU in three passes over memory, and in one. x is [rows, cols], bias [cols]. The
/// pragma lets the compiler take several numbers at a time: what is written never lies in front of what is
/// read.
#pragma once

#include <vector>

#include "autograd/kernels/math.hpp"
#include "counting.hpp"

namespace gradus::tutorials::speed {

namespace math = kernels::math;  // exp and the normal distribution function as loops of additions

/// In three passes, each with a result of its own: z = x + bias, phi = Phi(z), y = z phi.
template <class T>
void bias_gelu_in_three(const T* x, const T* bias, T* z, T* phi, T* y, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) z[i * cols + j] = x[i * cols + j] + bias[j];
  }
#pragma omp simd
  for (int64_t at = 0; at < rows * cols; ++at) phi[at] = math::normal_cdf(z[at]);
#pragma omp simd
  for (int64_t at = 0; at < rows * cols; ++at) y[at] = z[at] * phi[at];
}

/// In one pass: what is between stays in registers. The slope, which backward wants, is made on the way, from
/// the same exponential. It may be written over x.
template <class T>
void bias_gelu_in_one(const T* x, const T* bias, T* y, T* slope, int64_t rows, int64_t cols) {
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) {
      const auto gelu = math::gelu_erf_and_slope(x[i * cols + j] + bias[j]);
      y[i * cols + j] = gelu.value;
      slope[i * cols + j] = gelu.slope;
    }
  }
}

/// Backward of the three passes, in three: dphi = dy z; dz = dy phi + dphi density(z); dbias, the sums of the
/// columns of dz. dx is dz.
template <class T>
void bias_gelu_backward_in_three(const T* dy, const T* z, const T* phi, T* dphi, T* dx, T* dbias,
                                 int64_t rows, int64_t cols) {
#pragma omp simd
  for (int64_t at = 0; at < rows * cols; ++at) dphi[at] = dy[at] * z[at];
#pragma omp simd
  for (int64_t at = 0; at < rows * cols; ++at) {
    const T density = math::exp(T(-0.5) * z[at] * z[at]) * T(math::detail::inv_sqrt_2pi);
    dx[at] = dy[at] * phi[at] + dphi[at] * density;
  }
  std::fill(dbias, dbias + cols, T(0));
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) dbias[j] += dx[i * cols + j];
  }
}

/// Backward of the one pass, in one.
template <class T>
void bias_gelu_backward_in_one(const T* dy, const T* slope, T* dx, T* dbias, int64_t rows, int64_t cols) {
  std::fill(dbias, dbias + cols, T(0));
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t j = 0; j < cols; ++j) {
      dx[i * cols + j] = dy[i * cols + j] * slope[i * cols + j];
      dbias[j] += dx[i * cols + j];
    }
  }
}

/// What these read and write for each number of y; the bias, a row, is small and not counted.
inline const std::vector<Pass> gelu_in_three = {
    {"z = x + bias", 1, 1, 1}, {"phi = Phi(z)", 1, 1, 1}, {"y = z phi", 2, 1, 1}};
inline const std::vector<Pass> gelu_in_one = {{"y and slope of x + bias", 1, 2, 4}};
inline const std::vector<Pass> gelu_backward_in_three = {
    {"dphi = dy z", 2, 1, 1}, {"dz = dy phi + dphi density(z)", 4, 1, 6}, {"dbias: sums of dz", 1, 0, 1}};
inline const std::vector<Pass> gelu_backward_in_one = {{"dx = dy slope, and its sums", 2, 1, 2}};

}  // namespace gradus::tutorials::speed

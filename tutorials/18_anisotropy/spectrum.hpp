/// @file
/// Chapter 18: which numbers of the vectors go together, and the directions in which nothing does.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "autograd/ops.hpp"

namespace gradus::tutorials::anisotropy {

/// C = (x - m)^T (x - m) / N of x [N, H]: [H, H]. On its diagonal is the variance of each column; beside it,
/// how two columns go together.
inline Tensor covariance(const Tensor& x) {
  const Tensor centred = x - mean(x, Axes{0});
  return matmul(centred.transpose(0, 1), centred) / static_cast<double>(x.size(0));
}

/// A square table of numbers that can be written to.
struct Square {
  int64_t size;
  std::vector<double> values;
  double& operator()(int64_t row, int64_t column) { return values[static_cast<size_t>(row * size + column)]; }
};

/// Turns the axes i and j by the angle after which c(i, j) is 0, and keeps in `u` where the axes point now.
/// tan(2 angle) = 2 c_ij / (c_ii - c_jj)
inline void turn(Square& c, Square& u, int64_t i, int64_t j) {
  if (c(i, j) == 0) return;
  const double gap = c(i, i) - c(j, j);
  const double angle = gap == 0 ? std::atan(1.0) : std::atan(2 * c(i, j) / gap) / 2;
  const double cosine = std::cos(angle), sine = std::sin(angle);
  const auto mix = [&](double& a, double& b) {
    const double was = a;
    a = cosine * was + sine * b;
    b = cosine * b - sine * was;
  };
  for (int64_t k = 0; k < c.size; ++k) mix(c(k, i), c(k, j));  // the columns of C,
  for (int64_t k = 0; k < c.size; ++k) mix(c(i, k), c(j, k));  // its rows,
  for (int64_t k = 0; k < c.size; ++k) mix(u(k, i), u(k, j));  // and the axes
}

/// The sum of squares beside the diagonal: 0 when no two directions go together any more.
inline double beside_diagonal(Square& c) {
  double sum = 0;
  for (int64_t i = 0; i < c.size; ++i)
    for (int64_t j = 0; j < c.size; ++j) sum += i == j ? 0 : c(i, j) * c(i, j);
  return sum;
}

/// C = U D U^T: directions, the columns of U, and the variance along each of them, the largest first.
struct Directions {
  Tensor vectors;    ///< U [H, H]
  Tensor variances;  ///< the diagonal of D, [H]
};

/// By Jacobi's rotations: every pair of axes in turn, round after round.
inline Directions directions_of(const Tensor& symmetric) {
  const int64_t h = symmetric.size(0);
  Square c{h, symmetric.to_vector<double>()}, u{h, eye(h, DType::f64).to_vector<double>()};
  const double all = sum(symmetric * symmetric).item();
  for (int round = 0; round < 30 && beside_diagonal(c) > 1e-28 * all; ++round) {
    for (int64_t i = 0; i < h; ++i)
      for (int64_t j = i + 1; j < h; ++j) turn(c, u, i, j);
  }
  std::vector<int64_t> order(static_cast<size_t>(h));
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return c(a, a) > c(b, b); });
  std::vector<double> variances;
  for (const int64_t k : order) variances.push_back(std::max(c(k, k), 0.0));
  return {index_select(tensor(u.values, Shape{h, h}), 1, tensor(order)), tensor(variances)};
}

/// The share of the sum of squares that each direction holds, the largest first: [H]. The mean is not taken
/// off, so the shared vector counts. (These are the squared singular values of x, divided by their sum.)
inline Tensor spectrum(const Tensor& x) {
  const Tensor squares = directions_of(matmul(x.transpose(0, 1), x)).variances;
  return squares / sum(squares);
}

}  // namespace gradus::tutorials::anisotropy

/// @file
/// Chapter 18's bugs: W transposed, a covariance that is not centred, a cure fitted to the texts that are
/// scored, and vectors normalised before a mean is taken off that was not.
#pragma once

#include "cures.hpp"

namespace gradus::tutorials::anisotropy {

/// x W^T for x W. No shape is wrong, since W is square.
inline Cure with_w_transposed(const Tensor& x) {
  const Cure right = whitened(x);
  return {right.m, right.w.transpose(0, 1)};
}

/// The `count` first directions of x^T x, from which no mean was taken off.
inline Cure removed_uncentred(const Tensor& x, int64_t count) {
  const Tensor gone = directions_of(matmul(x.transpose(0, 1), x)).vectors.slice(1, 0, count);
  return {mean(x, Axes{0}), eye(x.size(1), x.dtype()) - matmul(gone, gone.transpose(0, 1))};
}

/// How far the cured vectors are from what whitening promises: the largest |covariance - I|.
inline double off_identity(const Tensor& y) {
  return max(abs(covariance(y) - eye(y.size(1), y.dtype()))).item();
}

/// The length of the mean of vectors, beside their mean length: near 0 once it is taken off, 1 where all are
/// the same.
inline double mean_that_is_left(const Tensor& y) {
  const Tensor m = mean(y, Axes{0});
  return std::sqrt(sum(m * m).item()) / mean(sqrt(sum(y * y, Axes{1}))).item();
}

}  // namespace gradus::tutorials::anisotropy

/// @file
/// Chapter 18: the cures that need no learning. All of them are y = (x - m) W, and differ in W.
#pragma once

#include "cosines.hpp"
#include "spectrum.hpp"

namespace gradus::tutorials::anisotropy {

/// Fitted to some vectors, used for others.
struct Cure {
  Tensor m;                                                              ///< [H]
  Tensor w;                                                              ///< [H, D]
  Tensor operator()(const Tensor& x) const { return matmul(x - m, w); }  ///< [N, H] -> [N, D]
};

/// What all have in common is taken away: W = I.
inline Cure centred(const Tensor& x) { return {mean(x, Axes{0}), eye(x.size(1), x.dtype())}; }

/// And then the `count` directions of most variance: W = I - U U^T, with these columns of U alone.
inline Cure removed(const Tensor& x, int64_t count) {
  const Tensor gone = directions_of(covariance(x)).vectors.slice(1, 0, count);  // [H, count]
  return {mean(x, Axes{0}), eye(x.size(1), x.dtype()) - matmul(gone, gone.transpose(0, 1))};
}

/// Or every direction gets the variance 1: W = U D^(-1/2). Directions without variance cannot get one, and
/// are left out; `kept` leaves out all after the first `kept` (0: none).
inline Cure whitened(const Tensor& x, int64_t kept = 0) {
  const Directions found = directions_of(covariance(x));
  const double least = 1e-10 * found.variances.at({0});
  int64_t there = 0;
  while (there < x.size(1) && found.variances.at({there}) > least) ++there;
  if (kept > 0) there = std::min(there, kept);
  const Tensor u = found.vectors.slice(1, 0, there), d = found.variances.slice(0, 0, there);
  return {mean(x, Axes{0}), u * rsqrt(d)};  // column k of U divided by the root of its variance
}

}  // namespace gradus::tutorials::anisotropy

/// @file
/// Chapter 18: the cosines of all pairs of vectors, and what makes all of them high.
#pragma once

#include "autograd/ops.hpp"
#include "autograd/random.hpp"

namespace gradus::tutorials::anisotropy {

/// Each row of x [N, H] divided by its length.
inline Tensor unit(const Tensor& x) { return x * rsqrt(sum(x * x, Axes{1}, true)); }

/// The cosine of every row with every other: [N, N], ones on the diagonal.
inline Tensor all_cosines(const Tensor& x) {
  const Tensor u = unit(x);
  return matmul(u, u.transpose(0, 1));
}

/// The mean cosine of two different rows, over all pairs.
inline double mean_cosine(const Tensor& x) {
  const auto n = static_cast<double>(x.size(0));
  return (sum(all_cosines(x)).item() - n) / (n * n - n);  // the n ones of the diagonal are left out
}

/// The mean |cosine| of two different rows: near 1 where only the sign differs.
inline double mean_size(const Tensor& x) {
  const auto n = static_cast<double>(x.size(0));
  return (sum(abs(all_cosines(x))).item() - n) / (n * n - n);
}

/// The squared length of the mean of all rows of length 1.
inline double shared_part(const Tensor& x) {
  const Tensor m = mean(unit(x), Axes{0});  // [H]
  return sum(m * m).item();
}

/// The cosine of each row of u [N, H] with the same row of v: [N].
inline Tensor row_cosines(const Tensor& u, const Tensor& v) { return sum(unit(u) * unit(v), Axes{1}); }

// ---- Vectors that are made, so that we know what is in them ----

/// `count` vectors around the origin, in no direction more than in another: [count, width] in f64.
inline Tensor even_cloud(int64_t count, int64_t width, uint64_t seed) {
  Rng rng(seed);
  return randn({count, width}, rng, DType::f64);
}

/// Three numbers a vector: `count` of them around the origin, spread ten times as far along (0.6, 0.8, 0) as
/// along other directions, and then (6, 0, 8) added to each.
inline Tensor planted_shared() { return tensor<double>({6, 0, 8}); }
inline Tensor planted_direction() { return tensor<double>({0.6, 0.8, 0}); }
inline Tensor planted_cloud(uint64_t seed, int64_t count = 300) {
  const Tensor even = even_cloud(count, 3, seed), d = planted_direction();
  const Tensor along = matmul(even, d.unsqueeze(1));  // [count, 1]
  return even + 9 * along * d.unsqueeze(0) + planted_shared();
}

}  // namespace gradus::tutorials::anisotropy

// The exercises of chapter 18, solved.
#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "exercise.hpp"

namespace gradus::tutorials::anisotropy {

// Column k of U is divided by the root of variance k, so that the spread along it becomes 1.
Tensor whiten(const Tensor& x, const Tensor& m, const Tensor& directions, const Tensor& variances) {
  int64_t kept = 0;
  while (kept < variances.size(0) && variances.at({kept}) > 1e-10 * variances.at({0})) ++kept;
  return matmul(x - m, directions.slice(1, 0, kept) * rsqrt(variances.slice(0, 0, kept)));
}

// The mean of all pairs of vectors of length 1 is the squared length of their mean; the n pairs of a vector
// with itself, which are 1 each, do not count.
double cosine_of_two(const Tensor& x) {
  const auto n = static_cast<double>(x.size(0));
  const Tensor all = sum(x * rsqrt(sum(x * x, Axes{1}, true)), Axes{0});
  return (sum(all * all).item() - n) / (n * (n - 1));
}

Planted find_planted(const Tensor& x) {
  Planted found;
  found.shared = mean(x, Axes{0});
  const Tensor centred = x - found.shared;
  Rng rng(1);
  Tensor d = randn({x.size(1), 1}, rng, x.dtype());
  for (int i = 0; i < 200; ++i) {  // as chapter 15 finds its first principal component
    d = matmul(centred.transpose(0, 1), matmul(centred, d));
    d = d * rsqrt(sum(d * d));
  }
  found.direction = d.squeeze(1);
  found.rest = centred - matmul(centred, d) * found.direction;
  found.cosine_before = cosine_of_two(x);
  found.cosine_after = cosine_of_two(found.rest);
  return found;
}

// The mean takes one direction away. After whitening all are equally long and sum to 0, so
// 0 = n + n (n - 1) cosine.
FewTexts few_texts(int64_t texts, int64_t width, double most, double least) {
  return {std::min(texts - 1, width), -1.0 / static_cast<double>(texts - 1), std::sqrt(most / least)};
}

}  // namespace gradus::tutorials::anisotropy

// How far rounding carries a gradient.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "autograd/engine.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double two_roundings = 2 * std::numeric_limits<double>::epsilon();

std::vector<Numbers> gradients_of(const Problem& problem, const Tensor& v) {
  const std::vector<Tensor> leaves = problem.leaves();
  const std::vector<Tensor> found = grad({problem.run()}, leaves, {v}, {.allow_unused = true});
  std::vector<Numbers> all;
  for (size_t k = 0; k < leaves.size(); ++k) all.push_back(numbers_or_zeros(found[k], leaves[k].numel()));
  return all;
}

/// Moves every value up or down. Equal ones move alike: where two tie for the largest the gradient jumps, and
/// that is no rounding.
class Rounded {
 public:
  explicit Rounded(Rng& rng) : rng_(rng) {}
  Tensor operator()(const Tensor& x) {
    Numbers values = numbers(x);
    for (double& value : values) {
      if (std::isnan(value)) continue;
      const double by = rng_.chance(0.5) ? two_roundings : -two_roundings;
      value = moved_.try_emplace(value, value * (1 + by)).first->second;
    }
    return tensor(values, x.shape());
  }

 private:
  Rng& rng_;
  std::map<double, double> moved_;
};

}  // namespace

Numbers rounding_of(const Problem& problem, const std::vector<Numbers>& gradients, const Tensor& v) {
  constexpr int tries = 8;
  Rng rng(1);
  Numbers most(gradients.size(), 0.0);
  // What another call gives for the same values is not off by rounding.
  if (gradients_of(problem, v) != gradients) return most;
  for (int i = 0; i < tries; ++i) {
    Rounded rounded(rng);
    const ConvertedLeaves elsewhere(problem.tensors, [&](const Tensor& x) { return rounded(x); });
    try {
      const std::vector<Numbers> found = gradients_of(problem, v);
      for (size_t k = 0; k < gradients.size(); ++k) {
        Numbers change = found[k];
        for (size_t j = 0; j < change.size(); ++j) change[j] -= gradients[k][j];
        if (const double one = largest(change); std::isfinite(one)) most[k] = std::max(most[k], one);
      }
    } catch (const Error&) {  // a function may refuse these values; nothing is lost
    }
  }
  return most;
}

}  // namespace gradus::gradchecking

// How far rounding carries a gradient.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double two_roundings = 2 * std::numeric_limits<double>::epsilon();

double moved(double value, Rng& rng) {
  return value * (1 + (rng.chance(0.5) ? two_roundings : -two_roundings));
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
      const auto [found, is_new] = moved_.try_emplace(value, 0.0);
      if (is_new) found->second = moved(value, rng_);
      value = found->second;
    }
    return tensor(values, x.shape());
  }

 private:
  Rng& rng_;
  std::map<double, double> moved_;
};

bool are_same(const std::vector<Numbers>& a, const std::vector<Numbers>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Numbers& x, const Numbers& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), is_same);
  });
}

}  // namespace

std::vector<std::vector<Numbers>> rounding_of(const Problem& problem, const std::vector<Numbers>& gradients,
                                              const GradientsAt& gradients_at) {
  constexpr int tries = 8;
  std::vector<std::vector<Numbers>> changes(gradients.size());
  // What another call gives for the same values is not off by rounding.
  if (!are_same(gradients_at([](const Tensor& v) { return v; }), gradients)) return changes;
  Rng rng(1);
  for (int i = 0; i < tries; ++i) {
    Rounded rounded(rng);
    const ConvertedLeaves elsewhere(problem.tensors, [&](const Tensor& x) { return rounded(x); });
    const auto round = [&](const Tensor& v) {
      Numbers values = numbers(v);
      for (double& value : values) value = moved(value, rng);
      return tensor(values, v.shape());
    };
    try {
      std::vector<Numbers> found = gradients_at(round);
      for (size_t k = 0; k < gradients.size(); ++k) {
        for (size_t j = 0; j < found[k].size(); ++j) found[k][j] -= gradients[k][j];
        changes[k].push_back(std::move(found[k]));
      }
    } catch (const Error&) {  // a function may refuse these values; nothing is lost
    }
  }
  return changes;
}

}  // namespace gradus::gradchecking

// The exercises of chapter 8, solved.
#include <cmath>

#include "autograd/ops.hpp"
#include "tutorials/08_residual_and_norm/exercise.hpp"

namespace gradus::tutorials {

// Adding a number moves the mean along; stretching about the mean moves the deviation along.
Tensor unseen_directions(const Tensor& x) {
  const Tensor same = ones(x.shape(), DType::f64);
  const Tensor stretch = x.to(DType::f64) - mean(x.to(DType::f64));
  const auto unit = [](const Tensor& d) { return d * rsqrt(sum(d * d)); };
  return stack({unit(same), unit(stretch)}, 0);
}

// At x = (-s, s) the variance is s^2. With s = sqrt(eps) the right layer gives 1 / sqrt(2) = 0.71, and the
// wrong one s / (s + s^2) = 1 / (1 + s). These meet at s = 0.41 only: there another s tells them apart.
bool divides_by_std_plus_eps(const NormFunction& norm, double eps) {
  const double s = eps < 0.04 ? std::sqrt(eps) : 0.1 * std::sqrt(eps);
  const double got = norm(tensor({-s, s})).at({1});
  const double right = s / std::sqrt(s * s + eps), wrong = s / (s + eps);
  return std::abs(got - wrong) < std::abs(got - right);
}

int64_t deepest_that_trains(const std::function<bool(int64_t depth)>& trains, int64_t limit) {
  int64_t good = 1, bad = limit + 1;  // good trains; bad does not, or is past the limit
  while (good * 2 < bad) {
    if (!trains(good * 2)) {
      bad = good * 2;
    } else {
      good *= 2;
    }
  }
  while (bad - good > 1) {
    const int64_t middle = good + (bad - good) / 2;
    (trains(middle) ? good : bad) = middle;
  }
  return good;
}

}  // namespace gradus::tutorials

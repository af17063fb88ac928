// What the exercises of chapter 18 are held to.
#include <cmath>

#include "cures.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::anisotropy;

void whitening(Check& check) {
  // Two directions, (0.6, 0.8) with variance 4 and (-0.8, 0.6) with variance 1.
  const Tensor u = tensor<double>({0.6, -0.8, 0.8, 0.6}, Shape{2, 2}), d = tensor<double>({4, 1});
  const Tensor origin = zeros({2}, DType::f64);
  check.close("(5, 0) along both directions", whiten(tensor<double>({5, 0}, Shape{1, 2}), origin, u, d),
              tensor<double>({1.5, -4}, Shape{1, 2}),
              "number k is x times column k of U, divided by the root of variance k: 3 / 2 and -4 / 1");
  check.close("the same, with everything moved by (10, 20)",
              whiten(tensor<double>({15, 20}, Shape{1, 2}), tensor<double>({10, 20}), u, d),
              tensor<double>({1.5, -4}, Shape{1, 2}),
              "take off the m that you are given: the mean of what was fitted to, not the mean of x");
  const Tensor cloud = planted_cloud(5);
  const Directions found = directions_of(covariance(cloud));
  const Tensor m = mean(cloud, Axes{0}), y = whiten(cloud, m, found.vectors, found.variances);
  check.equal("the shape for 300 vectors in 3 directions", y.shape(), Shape{300, 3},
              "as many vectors as before, a column for each direction that has a variance");
  if (y.shape() == Shape{300, 3}) {
    check.close("the covariance of what was fitted to", covariance(y), eye(3, DType::f64),
                "whitened vectors have variance 1 in each direction, and no two go together: the identity");
  }
  const Tensor flat = concat({cloud, full({300, 1}, 7, DType::f64)}, 1);  // the fourth number is always 7
  const Directions four = directions_of(covariance(flat));
  check.close(
      "one number is the same everywhere", whiten(flat, mean(flat, Axes{0}), four.vectors, four.variances),
      matmul(flat - mean(flat, Axes{0}), four.vectors.slice(1, 0, 3) * rsqrt(four.variances.slice(0, 0, 3))),
      "a direction without variance cannot be stretched to variance 1, so it is left out: three columns");
  const Tensor small = tensor<double>({4, 1e-6});
  check.close("a variance that is small, and is one",
              whiten(tensor<double>({5, 0}, Shape{1, 2}), origin, u, small),
              tensor<double>({1.5, -4000}, Shape{1, 2}),
              "1e-6 is more than 1e-10 times 4, so this direction stays, however far it is stretched");
}

void planting(Check& check) {
  Rng rng(3);
  const Tensor even = randn({400, 6}, rng, DType::f64), amounts = randn({400, 1}, rng, DType::f64) * 6;
  const Tensor direction = tensor<double>({0, 0.6, 0, 0, -0.8, 0});
  const Tensor x = even + amounts * direction + tensor<double>({9, 0, -7, 0, 0, 3});
  const Planted got = find_planted(x);
  // Worked out in another way than the solution: by all directions of the covariance.
  const Tensor m = mean(x, Axes{0}), first = directions_of(covariance(x)).vectors.slice(1, 0, 1);
  check.close("the shared vector", got.shared, m, "what was added to all shows in the mean over all vectors");
  check.equal("the shape of the direction", got.direction.shape(), Shape{6},
              "six numbers, one for each column");
  if (got.direction.shape() != Shape{6}) return;
  check.close("the direction's length", std::sqrt(sum(got.direction * got.direction).item()), 1,
              "divide it by its length");
  check.close("how far it points along the planted one, either way",
              std::abs(sum(got.direction * first.squeeze(1)).item()), 1,
              "the direction in which the vectors spread most once the mean is off; with the mean still in, "
              "the shared vector would be found again");
  check.close("the rest", got.rest, removed(x, 1)(x),
              "from each vector the mean goes, and then as much of the direction as this vector has: (x - m) "
              "d times d");
  check.close(
      "the mean cosine before", got.cosine_before, mean_cosine(x),
      "over pairs of two different vectors, each divided by its own length; the cosine of a vector with "
      "itself is no pair");
  check.close("the mean cosine after", got.cosine_after, mean_cosine(removed(x, 1)(x)),
              "the same of the rest: it is near 0, and a little below it");
}

void few(Check& check) {
  const char* mean_takes_one =
      "n points lie in n - 1 directions around their mean, two of them on a line; and there are never more "
      "directions than numbers in a vector";
  check.equal("directions of 2 texts of 48 numbers", few_texts(2, 48, 1, 1).directions, 1, mean_takes_one);
  check.equal("directions of 49 texts of 48 numbers", few_texts(49, 48, 1, 1).directions, 48, mean_takes_one);
  check.equal("directions of 48 texts of 48 numbers", few_texts(48, 48, 1, 1).directions, 47, mean_takes_one);
  check.equal("directions of 1000 texts of 48 numbers", few_texts(1000, 48, 1, 1).directions, 48,
              mean_takes_one);
  const char* sum_is_zero =
      "n vectors of one length that sum to 0, every two at the same cosine c: 0 = n + n (n - 1) c";
  check.close("the cosine of 2 texts", few_texts(2, 48, 1, 1).cosine, -1, sum_is_zero);
  check.close("the cosine of any two of 11 texts", few_texts(11, 48, 1, 1).cosine, -0.1, sum_is_zero);
  check.close("the cosine of any two of 41 texts", few_texts(41, 768, 1, 1).cosine, -0.025, sum_is_zero);
  const char* roots =
      "a direction is divided by the root of its variance, so the factors are 1 over the roots";
  check.close("a variance of 4 beside one of 1", few_texts(100, 48, 4, 1).stretched, 2, roots);
  check.close("a variance of 9 beside one of 0.0001", few_texts(100, 48, 9, 0.0001).stretched, 300, roots);
}

}  // namespace

int main() {
  Checks checks("18_anisotropy");
  checks.exercise("1: whitened covariance is I", whitening);
  checks.exercise("2: what is planted", planting);
  checks.exercise("3: when whitening hurts", few);
  return checks.finish();
}

// What readers may answer in chapter 8, wrong and right.
#include "tutorials/08_residual_and_norm/exercise.hpp"

#include <utility>

#include "tests/tutorials/wrong_answers/answers.hpp"

#define unseen_directions right_unseen_directions
#define divides_by_std_plus_eps right_divides_by_std_plus_eps
#define deepest_that_trains right_deepest_that_trains
#include "tutorials/08_residual_and_norm/solution.cpp"
#undef unseen_directions
#undef divides_by_std_plus_eps
#undef deepest_that_trains

namespace gradus::tutorials {
namespace {

Tensor unit(const Tensor& x) { return x * rsqrt(sum(x * x)); }

const Answers<decltype(unseen_directions)> unseen(
    1, right_unseen_directions,
    {{"x itself, its mean left in", "take its mean off first",
      [](const Tensor& x) {
        return stack({unit(ones(x.shape(), DType::f64)), unit(x)}, 0);
      }},
     {"not of length 1", "divide each by its length",
      [](const Tensor& x) {
        return stack({ones(x.shape(), DType::f64), x - mean(x)}, 0);
      }},
     {"1 over n for 1 over its root", "divide each by its length",
      [](const Tensor& x) {
        return stack({ones(x.shape(), DType::f64) / static_cast<double>(x.size(0)), unit(x - mean(x))}, 0);
      }},
     {"the stretching first", "the stretching comes second",
      [](const Tensor& x) {
        return stack({unit(x - mean(x)), unit(ones(x.shape(), DType::f64))}, 0);
      }},
     {"any second direction at right angles", "what makes nothing but that larger?",
      [](const Tensor& x) {
        const Tensor one = eye(x.size(0), DType::f64).select(0, 0);
        return stack({unit(ones(x.shape(), DType::f64)), unit(one - mean(one))}, 0);
      }},
     {"the second the other way", accepted, [](const Tensor& x) {
        const double n = static_cast<double>(x.size(0));
        return stack({full(x.shape(), 1 / std::sqrt(n), DType::f64), unit(mean(x) - x)}, 0);
      }}});

const Answers<decltype(divides_by_std_plus_eps)> divides(
    2, right_divides_by_std_plus_eps,
    {{"never", "choose x so that eps matters", [](const NormFunction&, double) { return false; }},
     {"a usual row", "choose x so that eps matters",
      [](const NormFunction& norm, double eps) {
        return std::abs(norm(tensor({3.0, 7.0})).at({1}) - 2 / (2 + eps)) < 1e-9;
      }},
     {"one small row for every eps", "neither far above nor far below",
      [](const NormFunction& norm, double) {
        return norm(tensor({-1e-6, 1e-6})).at({1}) > 0.9;
      }},
     {"above 0.8 at a variance of eps", "a large eps",
      [](const NormFunction& norm, double eps) {
        return norm(tensor({-std::sqrt(eps), std::sqrt(eps)})).at({1}) > 0.8;
      }},
     {"always at a variance of eps", "both formulas give the same here",
      [](const NormFunction& norm, double eps) {
        const double s = std::sqrt(eps), got = norm(tensor({-s, s})).at({1});
        return std::abs(got - s / (s + eps)) < std::abs(got - std::sqrt(0.5)) - 1e-4;
      }},
     {"by two rows", accepted, [](const NormFunction& norm, double eps) {
        double to_right = 0, to_wrong = 0;
        for (const double s : {std::sqrt(eps), 3 * std::sqrt(eps)}) {
          const double got = norm(tensor({-s, s})).at({1});
          to_right += std::abs(got - s / std::sqrt(s * s + eps));
          to_wrong += std::abs(got - s / (s + eps));
        }
        return to_wrong < to_right;
      }}});

using Trains = std::function<bool(int64_t)>;

const Answers<decltype(deepest_that_trains)> deepest(
    3, right_deepest_that_trains,
    {{"one layer more each time", "one layer more each time is slow",
      [](const Trains& trains, int64_t limit) {
        int64_t depth = 1;
        while (depth < limit && trains(depth + 1)) ++depth;
        return depth;
      }},
     {"the first that does not train", "that one does not train",
      [](const Trains& trains, int64_t limit) { return right_deepest_that_trains(trains, limit) + 1; }},
     {"doubled only", "look between the last that trained and the first that did not",
      [](const Trains& trains, int64_t limit) {
        int64_t depth = 1;
        while (depth * 2 <= limit && trains(depth * 2)) depth *= 2;
        return depth;
      }},
     {"the limit left out", "and up to the limit itself",
      [](const Trains& trains, int64_t limit) { return right_deepest_that_trains(trains, limit - 1); }},
     {"the same depth asked twice", "nobody needs to ask twice",
      [](const Trains& trains, int64_t limit) {
        const int64_t depth = right_deepest_that_trains(trains, limit);
        return depth == 1 || trains(depth) ? depth : depth - 1;
      }},
     {"doubled past the limit", "a net deeper than the limit",
      [](const Trains& trains, int64_t limit) {
        int64_t good = 1, bad = 2;
        while (bad <= 2 * limit && trains(bad)) good = std::exchange(bad, bad * 2);
        while (bad - good > 1) {
          const int64_t middle = (good + bad) / 2;
          (trains(middle) ? good : bad) = middle;
        }
        return good;
      }},
     {"halved from the start", accepted, [](const Trains& trains, int64_t limit) {
        int64_t good = 1, bad = limit + 1;
        while (bad - good > 1) {
          const int64_t middle = (good + bad) / 2;
          (trains(middle) ? good : bad) = middle;
        }
        return good;
      }}});

}  // namespace

Tensor unseen_directions(const Tensor& x) { return unseen(x); }
bool divides_by_std_plus_eps(const NormFunction& norm, double eps) { return divides(norm, eps); }
int64_t deepest_that_trains(const Trains& trains, int64_t limit) { return deepest(trains, limit); }

}  // namespace gradus::tutorials

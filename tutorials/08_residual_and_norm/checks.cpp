// What the exercises of chapter 8 are held to.
#include "tutorials/support/check.hpp"

#include <set>

#include "tutorials/08_residual_and_norm/exercise.hpp"
#include "tutorials/08_residual_and_norm/tower.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;

/// LayerNorm of one row with weight 1 and bias 0, right or wrong.
NormFunction norm_with(double eps, bool wrong) {
  return [=](const Tensor& x) {
    const Tensor weight = ones({x.size(0)}, DType::f64), bias = zeros({x.size(0)}, DType::f64);
    return wrong ? layer_norm_std_plus_eps(x, weight, bias, eps) : layer_norm_by_hand(x, weight, bias, eps).y;
  };
}

void check_search(Check& check, int64_t truth, int64_t limit) {
  std::set<int64_t> asked;
  int64_t calls = 0;
  const int64_t got = deepest_that_trains(
      [&](int64_t depth) {
        ++calls;
        asked.insert(depth);
        return depth <= truth;
      },
      limit);
  const std::string what = fmt::format("all up to {} train, the limit is {}", truth, limit);
  check.equal(what, got, truth,
              got == truth + 1 ? "that one does not train: the answer is the last one that does"
              : got < truth
                  ? "a deeper one trains: look between the last that trained and the first that did not, "
                    "and up to the limit itself"
                  : "the answer trains, and one layer more does not");
  check.that("  with few calls, none for the same depth twice",
             calls <= 13 && static_cast<size_t>(calls) == asked.size(),
             fmt::format("{} calls for {} depths", calls, asked.size()),
             "one layer more each time is slow, and nobody needs to ask twice: double the depth until it "
             "fails, then "
             "take the middle of the gap");
  check.that("  and none outside of 1 ... limit",
             asked.empty() || (*asked.begin() >= 1 && *asked.rbegin() <= limit),
             asked.empty() ? "" : fmt::format("depths from {} to {}", *asked.begin(), *asked.rbegin()),
             "a net deeper than the limit would be trained for nothing");
}

}  // namespace

int main() {
  Checks checks("08_residual_and_norm");

  checks.exercise("1: the sum of dx is 0", [](Check& check) {
    Rng rng(1);
    const Tensor shorter = randn({3}, rng, DType::f64);
    Tensor x = randn({5}, rng, DType::f64);
    const Tensor d = unseen_directions(x);
    for (const Tensor& one : {x, shorter}) {
      const int64_t n = one.size(0);
      const Tensor both = unseen_directions(one);
      const Shape shape = both.defined() ? both.shape() : Shape{};
      check.equal(fmt::format("two directions for {} numbers", n), shape, Shape{2, n}, "a row for each");
      if (shape != Shape{2, n}) return;
      const Tensor products = matmul(both, both.transpose(0, 1));
      check.close("at right angles", products.at({0, 1}), 0,
                  "x itself is not at right angles to (1, 1, ..., 1): take its mean off first");
      check.close("of length 1", tensor({products.at({0, 0}), products.at({1, 1})}), tensor({1.0, 1.0}),
                  "divide each by its length, the root of the sum of its squares, whatever n is");
      const Tensor first = both.select(0, 0);
      check.close("the first moves all elements by the same", first, full({n}, first.at({0}), DType::f64),
                  "n equal numbers; the stretching comes second");
    }
    if (!check.passed()) return;
    const NormFunction norm = norm_with(0, false);
    for (const int64_t row : {0, 1}) {
      check.close(fmt::format("moving x along row {} does not move LayerNorm(x)", row),
                  norm(x + d.select(0, row) * 0.5), norm(x),
                  row == 0 ? "LayerNorm takes the mean off: what moves nothing but the mean?"
                           : "LayerNorm divides by the deviation: what makes nothing but that larger?");
    }
    x.requires_grad();
    const Tensor dx = grad({norm(x)}, {x}, {randn({5}, rng, DType::f64)})[0];
    check.close("so dx is at right angles to both", matmul(d, dx), zeros({2}, DType::f64),
                "dx says how the result moves with x; along these two it does not");
  });

  checks.exercise("2: catch std + eps", [](Check& check) {
    const auto verdict = [](bool wrong) {
      return std::string(wrong ? "divides by std + eps" : "divides by sqrt(var + eps)");
    };
    for (const double eps : {1e-12, 1e-5, 0.1716, 1.0}) {
      // A little of two numbers would do for one eps: the variance must be near eps, whatever that is.
      std::string hint =
          eps < 0.01 ? "choose x so that eps matters: a variance near this eps, neither far above nor far "
                       "below"
                     : "a large eps: work out what each formula gives at your x, and see which is nearer";
      if (eps == 0.1716)
        hint = "at a variance of eps both formulas give the same here: take another x, or two";
      for (const bool wrong : {false, true}) {
        check.equal(fmt::format("eps = {}, the {} layer", eps, wrong ? "wrong" : "right"),
                    verdict(divides_by_std_plus_eps(norm_with(eps, wrong), eps)), verdict(wrong), hint);
      }
    }
  });

  checks.exercise("3: the deepest plain net that still trains", [](Check& check) {
    for (const int64_t truth : {1, 5, 31, 32, 63, 64}) check_search(check, truth, 64);
    for (const int64_t truth : {30, 39, 40}) check_search(check, truth, 40);
    if (!check.passed() || Check::quick()) return;  // what follows trains
    const auto trains = [](int64_t depth) { return trained_accuracy(Wiring::plain, depth, 1) > 0.8; };
    const int64_t depth = deepest_that_trains(trains, 64);
    check.that("on the plain tower of this chapter", depth >= 4 && depth < 40, fmt::format("depth {}", depth),
               "a plain tower of 2 layers trains, one of 64 does not");
    fmt::print("  (here the plain tower trains up to {} layers, {} matrices)\n", depth, 2 * depth);
  });

  return checks.finish();
}

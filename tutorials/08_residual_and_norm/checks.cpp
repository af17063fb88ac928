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

void check_search(Check& check, int64_t truth) {
  std::set<int64_t> asked;
  int64_t calls = 0;
  const int64_t got = deepest_that_trains(
      [&](int64_t depth) {
        ++calls;
        asked.insert(depth);
        return depth <= truth;
      },
      64);
  check.equal(fmt::format("all up to {} train", truth), got, truth,
              "the answer trains, and one layer more does not");
  check.that("with few calls, none for the same depth twice",
             calls <= 13 && static_cast<size_t>(calls) == asked.size(),
             fmt::format("{} calls for {} depths", calls, asked.size()),
             "double the depth until it fails, then always try the middle of the gap");
}

}  // namespace

int main() {
  Checks checks("08_residual_and_norm");

  checks.exercise("1: the sum of dx is 0", [](Check& check) {
    Rng rng(1);
    Tensor x = randn({5}, rng, DType::f64);
    const Tensor d = unseen_directions(x);
    check.equal("two directions", d.shape(), Shape{2, 5}, "a row for each");
    check.close("of length 1, at right angles", matmul(d, d.transpose(0, 1)), eye(2, DType::f64),
                "x itself is not at right angles to (1, 1, ..., 1): take its mean off first");
    check.close("the first moves all elements by the same", d.select(0, 0),
                full({5}, 1 / std::sqrt(5.0), DType::f64), "n equal numbers, each 1 / sqrt(n)");
    const NormFunction norm = norm_with(0, false);
    for (const int64_t row : {0, 1}) {
      check.close(fmt::format("moving x along row {} does not move LayerNorm(x)", row),
                  norm(x + d.select(0, row) * 0.5), norm(x), "what does LayerNorm take off, and divide by?");
    }
    x.requires_grad();
    const Tensor dx = grad({norm(x)}, {x}, {randn({5}, rng, DType::f64)})[0];
    check.close("so dx is at right angles to both", matmul(d, dx), zeros({2}, DType::f64),
                "dx says how the result moves with x; along these two it does not");
  });

  checks.exercise("2: catch std + eps", [](Check& check) {
    for (const double eps : {1e-12, 1e-5, 0.1716, 1.0}) {
      check.equal(fmt::format("eps = {}, the right layer", eps),
                  divides_by_std_plus_eps(norm_with(eps, false), eps), false,
                  "choose x so small that eps matters: a variance near eps");
      check.equal(fmt::format("eps = {}, the wrong layer", eps),
                  divides_by_std_plus_eps(norm_with(eps, true), eps), true,
                  "work out what each formula gives at your x, and see which one is nearer");
    }
  });

  checks.exercise("3: the deepest plain net that still trains", [](Check& check) {
    for (const int64_t truth : {1, 5, 31, 32, 64}) check_search(check, truth);
    const auto trains = [](int64_t depth) { return trained_accuracy(Wiring::plain, depth, 1) > 0.8; };
    const int64_t depth = deepest_that_trains(trains, 64);
    check.that("on the plain tower of this chapter", depth >= 4 && depth < 40, fmt::format("depth {}", depth),
               "a plain tower of 2 layers trains, one of 64 does not");
    fmt::print("  (here the plain tower trains up to {} layers, {} matrices)\n", depth, 2 * depth);
  });

  return checks.finish();
}

// What a gradient check moves, and by how much.
#include <cmath>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("tensors never move together", "[gradcheck]") {
  const Tensor a = random({4}, 1), b = random({4}, 2);
  const std::vector<double> at_a = a.to_vector<double>(), at_b = b.to_vector<double>();
  int moved_a = 0, moved_b = 0, moved_both = 0;
  const auto fn = [&](const Inputs& in) {
    if (grad_enabled()) return in[0] * in[1];  // not one of the differences
    const bool has_a = in[0].to_vector<double>() != at_a, has_b = in[1].to_vector<double>() != at_b;
    moved_a += has_a;
    moved_b += has_b;
    moved_both += has_a && has_b;
    return in[0] * in[1];
  };
  const GradcheckReport report = gradcheck(fn, {a, b}, {.directions = 3, .sample = 2});
  CHECK(report.passed);
  CHECK(report.inputs[0].directions == 3);
  CHECK(report.inputs[1].directions == 3);
  CHECK(moved_a >= 20);
  CHECK(moved_b >= 20);
  CHECK(moved_both == 0);
}

TEST_CASE("the first step is 2e-3 max(1, |x|), rounded down to a power of two", "[gradcheck]") {
  for (const auto& [at, step] : std::vector<std::pair<double, double>>{
           {0, std::exp2(-9)}, {-0.9, std::exp2(-9)}, {1000, 2}, {-1000, 2}, {1e6, 1024}}) {
    double widest = 0;
    const auto fn = [&, x = at](const Inputs& in) {
      if (!grad_enabled()) widest = std::max(widest, std::abs(in[0].item() - x));
      return in[0] * 2.0;
    };
    CHECK(gradcheck(fn, {tensor({at})}).passed);
    CHECK(widest == step);
  }
}

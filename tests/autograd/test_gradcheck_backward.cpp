// What the checker finds of a backward as a whole: its cotangents, its memory, its second derivative.
#include <cmath>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"
#include "support/own_backward.hpp"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("cotangents are uneven, of both signs, with magnitudes in [0.5, 2]", "[gradcheck]") {
  std::vector<double> seen;
  const auto fn = [&](const Inputs& in) {
    return with_backward(in[0], in[0], [&seen](const Tensor& dy) {
      if (seen.empty()) seen = dy.to_vector<double>();
      return dy;
    });
  };
  CHECK(gradcheck(fn, {random({200}, 4)}, {.directions = 1}).passed);
  REQUIRE(seen.size() == 200);
  int negative = 0, small = 0;
  for (const double v : seen) {
    CHECK(std::abs(v) >= 0.5);
    CHECK(std::abs(v) <= 2);
    negative += v < 0;
    small += std::abs(v) < 1.25;
  }
  CHECK(negative > 50);
  CHECK(negative < 150);
  CHECK(small > 50);
  CHECK(small < 150);
}

TEST_CASE("a backward that is not linear in its cotangent is named", "[gradcheck]") {
  const Tensor x = random({3}, 4);
  const auto problems = [&](const std::function<Tensor(const Tensor&)>& backward) {
    const GradcheckReport report = gradcheck(
        [&](const Inputs& in) { return with_backward(in[0], in[0] * 2.0, backward); }, {x}, {.seed = 3});
    CHECK(report.passed == report.problems.empty());
    return report.problems;
  };
  CHECK(problems([](const Tensor& dy) { return dy * 2.0; }).empty());
  // Right for every cotangent but 0.
  const auto leaks = problems([](const Tensor& dy) {
    return where(equal(dy, zeros({}, DType::f64)), full({}, 0.25, DType::f64), dy * 2.0);
  });
  REQUIRE(leaks.size() == 1);
  CHECK(leaks[0] ==
        "input 0: a zero cotangent gives the gradient 0.25 at [0]; backward must be linear in it");
  // Right for small cotangents, cut off above 2.
  const auto clipped = problems([](const Tensor& dy) { return clamp(dy, -2, 2) * 2.0; });
  REQUIRE(clipped.size() == 1);
  CHECK(clipped[0].starts_with("input 0: vjp(2v) is "));
  CHECK(clipped[0].ends_with("; backward must be linear in its cotangent"));
  // Right for the positive half of all cotangents, of which a scalar output may well get one.
  const auto one_sided = [](const Inputs& in) {
    return with_backward(in[0], sum(in[0]),
                         [x = in[0]](const Tensor& dy) { return abs(dy).expand(x.shape()); });
  };
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    const GradcheckReport report = gradcheck(one_sided, {random({3}, 4)}, {.seed = seed});
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].find("vjp(-1v)") != std::string::npos);
  }
}

TEST_CASE("a backward that reads memory which another call has overwritten is caught", "[gradcheck]") {
  // exp with its output kept in one place for all calls.
  const Tensor kept = empty({3}, DType::f64);
  const auto shared = [kept](const Inputs& in) {
    Tensor(kept).copy_(exp(in[0].detach()));
    return with_backward(in[0], kept.clone(), [kept](const Tensor& dy) { return dy * kept; });
  };
  const Tensor x = random({3}, 4);
  CHECK(gradcheck(shared, {x}).verdict == Verdict::fail);
  CHECK(gradcheck(shared, {x}, {.rules = GradcheckRules::torch}).passed);
  // A function that takes no other values is checked all the same.
  const auto picky = [x](const Inputs& in) {
    const double moved = max(abs(in[0].detach() - x)).item();
    if (moved > 0.05) fail<Error>("picky: moved by {}", moved);
    return exp(in[0]);
  };
  CHECK(gradcheck(picky, {x}).passed);
}

TEST_CASE("a second derivative that is not symmetric is named", "[gradcheck]") {
  // The gradient of x0 * x1^2, with the part for x0 cut from the graph of the part for x1.
  const auto lopsided = [](const Inputs& in) {
    const Tensor a = in[0], b = in[1];
    return record("lopsided", a.detach() * b.detach() * b.detach(),
                  wrt(a, [b](const Tensor& dy) { return dy * b * b; }),
                  wrt(b, [a, b](const Tensor& dy) { return dy * a.detach() * b * 2.0; }));
  };
  CHECK(gradcheck(lopsided, {random({3}, 5), random({3}, 6)}).passed);
  const GradcheckReport report =
      gradcheck(lopsided, {random({3}, 5), random({3}, 6)}, {.second_order = true});
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].starts_with("the second derivative is not symmetric"));
}

TEST_CASE("inputs that share memory are refused", "[gradcheck]") {
  const auto fn = [](const Inputs& in) { return in[0] * in[1]; };
  const Tensor x = random({4, 3}, 7);
  CHECK_THROWS_WITH(
      gradcheck(fn, {x, x}),
      "gradcheck: input 0 and input 1 share memory, so neither can change alone; clone() one of them");
  CHECK(gradcheck(fn, {x.slice(0, 0, 2), x.slice(0, 2, 4)}).passed);  // halves that do not overlap
  CHECK_THROWS_WITH(gradcheck(fn, {x, ones({1, 3}).expand({4, 3})}),
                    "gradcheck: input 1 is an expanded view, where one element stands for many; clone() it");
  CHECK_THROWS_WITH(gradcheck(fn, {tensor({1, 2}), tensor({3, 4})}),
                    "gradcheck: no tensor is f32 or f64, so there is nothing to check");
  const Tensor leaf = x.clone().requires_grad();
  CHECK_THROWS_WITH(gradcheck([&] { return exp(leaf); }, {{"a", leaf}, {"b", leaf}}),
                    "gradcheck: a and b share memory, so neither can change alone; clone() one of them");
  CHECK_THROWS_WITH(gradcheck([&] { return exp(leaf); }, {{"a", leaf * 2.0}}),
                    "gradcheck: a must be a dense leaf; check a detached clone() of it");
}

#include <cmath>

#include "autograd/autograd.hpp"
#include "autograd/node.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// x^2 whose backward says 2x, except at one element.
Tensor square_with_one_wrong_element(const Tensor& x, int64_t wrong) {
  const Tensor y = x.detach() * x.detach();
  return record("square", y, wrt(x, [x, wrong](const Tensor& dy) {
                  Tensor dx = (dy * x.detach() * 2.0).clone();
                  dx.mutable_data<double>()[wrong] *= 1.001;
                  return dx;
                }));
}

}  // namespace

TEST_CASE("gradcheck passes right gradients, element by element and along directions", "[gradcheck]") {
  const auto fn = [](const std::vector<Tensor>& x) { return softmax(tanh(x[0]) * x[1]); };
  for (const int64_t directions : {0, 5}) {
    for (const bool second_order : {false, true}) {
      const GradcheckReport report = gradcheck(fn, {random({3, 4}, 1), random({4}, 2)},
                                               {.directions = directions, .second_order = second_order});
      INFO(to_string(report));
      CHECK(report.passed);
      REQUIRE(report.inputs.size() == 2);
      CHECK(report.inputs[0].checked == (directions == 0 ? 12 : 5));
      CHECK(report.inputs[1].checked == (directions == 0 ? 4 : 5));
      CHECK(report.inputs[0].error < 1e-8);
    }
  }
}

TEST_CASE("gradcheck names the element that is wrong", "[gradcheck]") {
  const auto fn = [](const std::vector<Tensor>& x) { return square_with_one_wrong_element(x[0], 7); };
  const Tensor x = random({3, 4}, 3);
  const GradcheckReport report = gradcheck(fn, {x});
  CHECK_FALSE(report.passed);
  const GradcheckResult& result = report.inputs[0];
  CHECK(result.name == "input 0");
  CHECK(result.index == Shape{1, 3});
  CHECK(result.analytic == Approx(1.001 * result.numeric).epsilon(1e-9));
  CHECK(std::abs(result.numeric) >= std::abs(x.at({1, 3})));  // |2 x v| with |v| >= 1/2
  CHECK(to_string(report).find("FAIL") != std::string::npos);
  CHECK(to_string(report).find("[1, 3]") != std::string::npos);
  CHECK_FALSE(gradcheck(fn, {x}, {.directions = 3}).passed);
}

TEST_CASE("gradcheck sees a gradient that exists on one side only", "[gradcheck]") {
  const auto dropped = [](const std::vector<Tensor>& x) { return x[0] * x[1].detach() + x[1]; };
  const GradcheckReport report = gradcheck(dropped, {random({2}, 4), random({2}, 5)});
  CHECK(report.inputs[0].passed);
  CHECK_FALSE(report.inputs[1].passed);
  // Along the second order: x^2 whose gradient is cut off from the graph.
  const auto cut = [](const std::vector<Tensor>& x) {
    const Tensor in = x[0];
    return record("square", in.detach() * in.detach(),
                  wrt(in, [in](const Tensor& dy) { return dy * in.detach() * 2.0; }));
  };
  CHECK(gradcheck(cut, {random({3}, 6)}).passed);
  CHECK_FALSE(gradcheck(cut, {random({3}, 6)}, {.second_order = true}).passed);
}

TEST_CASE("gradcheck takes other dtypes through, empty tensors and unused inputs", "[gradcheck]") {
  const auto fn = [](const std::vector<Tensor>& x) { return embedding(x[0], x[1]); };
  const GradcheckReport report = gradcheck(fn, {random({5, 3}, 7), tensor({1, 1, 4})});
  CHECK(report.passed);
  CHECK(report.inputs.size() == 1);
  const auto first = [](const std::vector<Tensor>& x) { return exp(x[0]); };
  CHECK(gradcheck(first, {random({0, 3}, 8), random({2}, 9)}).passed);
  CHECK(gradcheck(first, {ones({2})}).passed);  // f32 is copied to f64
}

TEST_CASE("gradcheck replays the default generator and leaves it as it was", "[gradcheck]") {
  manual_seed(3);
  default_rng().bits32();
  const Rng::State before = default_rng().state();
  const auto fn = [](const std::vector<Tensor>& x) { return dropout(x[0], 0.5, default_rng().bits64()); };
  CHECK(gradcheck(fn, {random({4, 4}, 10)}).passed);
  CHECK(default_rng().state() == before);
}

TEST_CASE("gradcheck refuses what it cannot check", "[gradcheck]") {
  const auto constant = [](const std::vector<Tensor>& x) { return x[0].detach(); };
  CHECK_THROWS_WITH(gradcheck(constant, {random({2}, 11)}),
                    "gradcheck: the output depends on no tensor that is checked");
  int calls = 0;
  const auto drifting = [&](const std::vector<Tensor>& x) { return x[0] * static_cast<double>(++calls); };
  CHECK_THROWS_WITH(gradcheck(drifting, {ones({1})}),
                    "gradcheck: the function gives 2 and then 3 for the same input");
  CHECK_THROWS_AS(gradcheck(drifting, {ones({1})}), GraphError);
  int64_t rows = 0;
  const auto growing = [&](const std::vector<Tensor>& x) { return x[0].expand({++rows, 2}); };
  CHECK_THROWS_WITH(gradcheck(growing, {ones({2})}),
                    "gradcheck: the function gives 4 numbers and then 6 for the same input");
  const Tensor single = ones({2}).requires_grad();
  CHECK_THROWS_WITH(gradcheck([&] { return exp(single); }, {{"x", single}}),
                    "gradcheck: x is f32; differences need f64, so convert it with to(DType::f64)");
  const Tensor plain = ones({2}, DType::f64);
  CHECK_THROWS_WITH(gradcheck([&] { return exp(plain); }, {{"x", plain}}),
                    "gradcheck: x needs no gradient; call requires_grad() on it, or leave it out");
}

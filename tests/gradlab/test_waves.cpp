// Functions that turn within less than the usual steps: differences see another function there. No right
// gradient is called wrong, and no wrong one passes.
#include <cmath>
#include <functional>

#include "autograd/gradcheck.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

using Function = std::function<Tensor(const Tensor& x, const Tensor& y)>;

/// gradcheck of a function of x and y, with the gradient of x multiplied by `factor`.
GradcheckReport check(const Function& function, const std::vector<Tensor>& inputs, double factor,
                      const GradcheckOptions& options) {
  const auto planted = [factor](const Tensor& dy) { return dy * factor; };
  return gradcheck(
      [&](const std::vector<Tensor>& in) {
        const Tensor x = factor == 1 ? in[0] : record("planted", in[0].detach().clone(), wrt(in[0], planted));
        return function(x, in.size() > 1 ? in[1] : Tensor());
      },
      inputs, options);
}

Tensor fast_wave(const Tensor& x, const Tensor&) { return sin(x * 1e6); }
Tensor ever_faster_wave(const Tensor& x, const Tensor&) { return sin(1.0 / x); }

}  // namespace

TEST_CASE("waves shorter than every step hide no wrong gradient, and make no right one wrong", "[extremes]") {
  struct Case {
    Function function;
    std::vector<double> x;
  };
  const std::vector<Case> cases = {
      {fast_wave, {745, -745, 700}},
      {fast_wave, {40, -40, 20}},
      {fast_wave, {1, 2, 3}},
      {fast_wave, {1e8, 1e8 + 1, -1e8}},
      {fast_wave, {3e5, -2e-5, 7}},
      {ever_faster_wave, {1e-9, -1e-9, 1}},
      {ever_faster_wave, {1e-12, 1e12, 1}},
  };
  for (const Case& one : cases) {
    const std::vector<Tensor> x = {tensor(one.x)};
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      const GradcheckOptions options{.seed = seed};
      const GradcheckReport right = check(one.function, x, 1, options);
      INFO("seed " << seed << "\n" << to_string(right));
      CHECK(right.verdict != Verdict::fail);
      for (const double factor : {0.5, 1.05, -1.0}) {
        const GradcheckReport wrong = check(one.function, x, factor, options);
        INFO("times " << factor << "\n" << to_string(wrong));
        CHECK(wrong.verdict > Verdict::kink);
      }
    }
  }
}

TEST_CASE("a wave that the narrowest steps resolve is judged, whatever the usual ones see", "[extremes]") {
  const std::vector<Tensor> x = {tensor({1e-9, -1e-9})};
  CHECK(check(ever_faster_wave, x, 1, {}).verdict == Verdict::pass);
  CHECK(check(ever_faster_wave, x, 1.01, {}).verdict > Verdict::kink);
}

TEST_CASE("a kink whose slopes are small beside the tensor's others is a kink", "[extremes]") {
  const auto function = [](const Tensor& x, const Tensor& y) { return relu(x * y); };
  for (const double small : {1e-7, 1e-8, 3e-9, 1e-9}) {
    const std::vector<Tensor> inputs = {tensor({0.0, 0.0, 1e-17}), tensor({small, -small, 1.0})};
    for (uint64_t seed = 1; seed <= 40; ++seed) {
      const GradcheckReport report = check(function, inputs, 1, {.seed = seed});
      INFO(small << ", seed " << seed << "\n" << to_string(report));
      CHECK(report.passed);
    }
  }
}

TEST_CASE("second order: what is lost in rounding is not called asymmetric", "[extremes]") {
  const auto function = [](const Tensor& x, const Tensor& y) { return softmax(x) * y; };
  const std::vector<Tensor> inputs = {tensor({40.0, -40.0, 20.0}), tensor({1e16, 1.0, -1.0})};
  for (uint64_t seed = 740; seed < 760; ++seed) {
    const GradcheckReport report = check(function, inputs, 1, {.second_order = true, .seed = seed});
    INFO("seed " << seed << "\n" << to_string(report));
    CHECK(report.problems.empty());
  }
}

// Kinks and jumps: where the slopes from left and right differ, a right gradient is never called wrong, and a
// wrong one is.
#include <cmath>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/own_backward.hpp"
#include "support/sanitized.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Inputs = std::vector<Tensor>;
using Function = std::function<Tensor(const Inputs&)>;

/// A function, and inputs whose first element (of each input) is at a kink, most others as well.
struct Kinky {
  std::string name;
  Function fn;
  std::function<Inputs(Rng&)> inputs;
};

Tensor drawn(const std::vector<double>& from, const Shape& shape, Rng& rng) {
  std::vector<double> values;
  for (int64_t i = 0; i < shape.numel(); ++i) values.push_back(from[rng.below(from.size())]);
  values[0] = from[0];
  return tensor(values, shape);
}

std::vector<Kinky> kinky_functions() {
  const auto from = [](const std::vector<double>& values) {
    return [values](Rng& rng) { return Inputs{drawn(values, {5}, rng)}; };
  };
  // Rows whose first two elements are the largest of all, or the smallest.
  const auto rows = [](double first, std::vector<double> others) {
    return [=](Rng& rng) {
      Tensor x = drawn(others, {2, 3}, rng);
      double* data = x.mutable_data<double>();
      for (const int i : {0, 1, 3, 4}) data[i] = first;
      return Inputs{x};
    };
  };
  const auto pair = [](Rng& rng) {
    const Tensor a = drawn({1, 0, -1}, {5}, rng), b = drawn({1, 0, -1}, {5}, rng);
    return Inputs{a, b};
  };
  return {
      {"relu", [](const Inputs& x) { return relu(x[0]); }, from({0, 0, 1.5, -1})},
      {"abs", [](const Inputs& x) { return abs(x[0]); }, from({0, 0, 1.5, -1})},
      {"clamp", [](const Inputs& x) { return clamp(x[0], -1, 2); }, from({2, -1, 0.5, 3})},
      {"max", [](const Inputs& x) { return max(x[0], Axes{1}); }, rows(1, {1, 0, -1})},
      {"min", [](const Inputs& x) { return min(x[0], Axes{1}); }, rows(-1, {1, 0, -1})},
      {"maximum", [](const Inputs& x) { return maximum(x[0], x[1]); }, pair},
      {"minimum", [](const Inputs& x) { return minimum(x[0], x[1]); }, pair},
  };
}

}  // namespace

TEST_CASE("at exact kinks, 1,000 seeds give no false failure", "[gradcheck][kinks]") {
  int checks = 0, named = 0, failures = 0;
  for (const Kinky& kinky : kinky_functions()) {
    for (uint64_t seed = 1; seed <= seeds(1000); ++seed) {
      Rng rng(seed);
      const Inputs inputs = kinky.inputs(rng);
      GradcheckReport report = gradcheck(kinky.fn, inputs, {.seed = seed});
      INFO(kinky.name << ", seed " << seed << "\n" << to_string(report));
      ++checks;
      named += report.verdict == Verdict::kink;
      failures += !report.passed;
      CHECK(report.verdict == Verdict::kink);
    }
  }
  fmt::print("kinks: {} checks at exact kinks of 7 functions: {} named a kink, {} false failures\n", checks,
             named, failures);
  CHECK(failures == 0);
}

TEST_CASE("along directions over many kinks there is no false failure either", "[gradcheck][kinks]") {
  for (const Kinky& kinky : kinky_functions()) {
    for (uint64_t seed = 1; seed <= seeds(200); ++seed) {
      Rng rng(seed);
      const GradcheckReport report = gradcheck(kinky.fn, kinky.inputs(rng), {.directions = 2, .seed = seed});
      INFO(kinky.name << ", seed " << seed << "\n" << to_string(report));
      REQUIRE(report.passed);
    }
  }
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    const GradcheckReport report = gradcheck([](const Inputs& x) { return relu(x[0]) * exp(x[0]); },
                                             {zeros({50}, DType::f64)}, {.directions = 2, .seed = seed});
    INFO(to_string(report));
    REQUIRE(report.verdict == Verdict::kink);
  }
}

TEST_CASE("the gradient's own gradient at exact kinks", "[gradcheck][kinks]") {
  for (const Kinky& kinky : kinky_functions()) {
    for (uint64_t seed = 1; seed <= 50; ++seed) {
      Rng rng(seed);
      const Inputs inputs = kinky.inputs(rng);
      const GradcheckReport report = gradcheck(kinky.fn, inputs, {.second_order = true, .seed = seed});
      INFO(kinky.name << ", seed " << seed << "\n" << to_string(report));
      REQUIRE(report.passed);
    }
  }
}

TEST_CASE("a gradient outside both slopes of a kink fails, by elements and along directions",
          "[gradcheck][kinks]") {
  for (const Kinky& kinky : kinky_functions()) {
    for (const double shift : {2.5, -2.5}) {
      for (uint64_t seed = 1; seed <= 20; ++seed) {
        Rng rng(seed);
        const Inputs inputs = kinky.inputs(rng);
        // The slopes lie in [-|v|, |v|], so a shift by more than twice the largest |v| leaves them.
        const auto wrong = [&](const Inputs& in) {
          const auto first = [&](const Tensor& x) {
            Inputs all = inputs;
            all[0] = x;
            return kinky.fn(all);
          };
          return with_spoilt_gradient(first, in[0], [shift](Tensor& dx, const Tensor& dy) {
            dx.mutable_data<double>()[0] += shift * max(abs(dy)).item();
          });
        };
        const GradcheckReport report = gradcheck(wrong, {inputs[0]}, {.seed = seed});
        INFO(kinky.name << ", seed " << seed << "\n" << to_string(report));
        REQUIRE(report.verdict == Verdict::fail);
        REQUIRE(report.inputs[0].verdict == Verdict::fail);
        REQUIRE(report.inputs[0].index == (inputs[0].rank() == 1 ? Shape{0} : Shape{0, 0}));
        const GradcheckReport along = gradcheck(wrong, {inputs[0]}, {.directions = 1, .seed = seed});
        INFO(to_string(along));
        REQUIRE(along.inputs[0].verdict == Verdict::fail);
      }
    }
  }
}

TEST_CASE("along directions, kinks are told from wrong gradients", "[gradcheck][kinks]") {
  const Tensor x = tensor({0.0, 1.0, -1.0, 0.0, 2.0, 0.5});
  const auto wrong = [](const Inputs& in) {
    return with_backward(in[0], relu(in[0]), [x = in[0]](const Tensor& dy) {
      return where(less(zeros({6}, DType::f64), x.detach()), dy * 0.9, dy * 0.0);
    });
  };
  const GradcheckReport report = gradcheck(wrong, {x}, {.directions = 2});
  CHECK(report.verdict == Verdict::fail);
}

TEST_CASE("what is steep or far out is no kink, and hides no wrong gradient", "[gradcheck][kinks]") {
  const auto steep = [](double by) { return [by](const Tensor& x) { return sigmoid(x * by) * (1 / by); }; };
  struct Case {
    std::string name;
    std::function<Tensor(const Tensor&)> fn;
    Tensor x;
  };
  const std::vector<Case> cases = {
      {"softmax near 1e8", [](const Tensor& x) { return softmax(x); }, tensor({1e8, 1e8 + 1, -1e8})},
      {"softmax near 1000", [](const Tensor& x) { return softmax(x); },
       tensor({1000.0, -1000.0, 3.0, 999.0})},
      {"softmax of a tie at 1e12", [](const Tensor& x) { return softmax(x); }, tensor({1e12, 1e12})},
      {"softmax of a tie at 1e17", [](const Tensor& x) { return softmax(x); }, tensor({1e17, 1e17})},
      {"logsumexp of a tie at 1e16", [](const Tensor& x) { return logsumexp(x, Axes{0}); },
       tensor({1e16, 1e16})},
      {"sine at 1e8", [](const Tensor& x) { return sin(x); }, tensor({1e8})},
      {"relu at 1e-8", [](const Tensor& x) { return relu(x); }, tensor({1e-8})},
      {"steep at 0", steep(1e10), tensor({0.0})},
      {"steep at 1", [](const Tensor& x) { return sigmoid((x - 1.0) * 1e12); }, tensor({1.0})},
  };
  for (const auto& [name, fn, x] : cases) {
    for (const double factor : {1.0, 0.5, 1.01, 1.05, 2.0, -1.0}) {
      const auto spoilt = [&, f = fn](const Inputs& in) {
        return with_spoilt_gradient(f, in[0], [factor](Tensor& dx, const Tensor&) { dx = dx * factor; });
      };
      const GradcheckReport report = gradcheck(spoilt, {x});
      INFO(name << " times " << factor << "\n" << to_string(report));
      CHECK(report.verdict != Verdict::kink);
      CHECK((factor == 1 ? report.verdict != Verdict::fail : !report.passed));
    }
  }
  CHECK(gradcheck([](const Inputs& in) { return softmax(in[0]); }, {cases[0].x}).verdict == Verdict::pass);
  CHECK(gradcheck([](const Inputs& in) { return softmax(in[0]); }, {cases[1].x}).verdict == Verdict::pass);
  CHECK(gradcheck([](const Inputs& in) { return relu(in[0]); }, {cases[6].x}).verdict == Verdict::pass);
}

TEST_CASE("where a function jumps, the slopes beside x decide", "[gradcheck][kinks]") {
  // 2 x, and 3 x + 1 for positive x.
  const auto step = [](double claimed) {
    return [claimed](const Inputs& in) {
      const Tensor x = in[0].detach();
      const Tensor y = where(less(zeros({1}, DType::f64), x), x * 3.0 + 1.0, x * 2.0);
      return with_backward(in[0], y, [claimed](const Tensor& dy) { return dy * claimed; });
    };
  };
  for (const double right : {2.0, 2.5, 3.0}) {
    CHECK(gradcheck(step(right), {tensor({0.0})}).verdict == Verdict::kink);
  }
  for (const double wrong : {1.9, 3.1, 1e6, -2.0}) {
    CHECK(gradcheck(step(wrong), {tensor({0.0})}).verdict == Verdict::fail);
  }
}

// Gradients where numbers of very different size meet, where all are tiny, and where the function has no
// value: a check may be inconclusive there; but no wrong gradient passes, and no right one fails.
#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <set>

#include "autograd/engine.hpp"
#include "autograd/gradcheck/problem.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus;

namespace {

struct Function {
  std::string name;
  Tensor (*of)(const Tensor& x);
};

Tensor loss(const Tensor& x, int64_t target) {
  return cross_entropy(x.reshape({1, x.numel()}), tensor(std::vector<int64_t>{target}, Shape{1}));
}

const std::vector<Function>& functions() {
  static const std::vector<Function> all = {
      {"x^2", [](const Tensor& x) { return x * x; }},
      {"sum(x^2)", [](const Tensor& x) { return sum(x * x); }},
      {"x^2 + 1", [](const Tensor& x) { return x * x + 1.0; }},
      {"x + 1e16", [](const Tensor& x) { return x + 1e16; }},
      {"sum", [](const Tensor& x) { return sum(x); }},
      {"mean", [](const Tensor& x) { return mean(x); }},
      {"max", [](const Tensor& x) { return max(x); }},
      {"variance", [](const Tensor& x) { return mean((x - mean(x)) * (x - mean(x))); }},
      {"pow 3", [](const Tensor& x) { return pow(x, 3); }},
      {"pow 1/2", [](const Tensor& x) { return pow(x, 0.5); }},
      {"1 / x", [](const Tensor& x) { return 1.0 / x; }},
      {"x sum(x)", [](const Tensor& x) { return x * sum(x); }},
      {"x / sum(x)", [](const Tensor& x) { return x / sum(x); }},
      {"x x^T",
       [](const Tensor& x) {
         return matmul(x.reshape({x.numel(), 1}), x.reshape({1, x.numel()}));
       }},
      {"exp", [](const Tensor& x) { return exp(x); }},
      {"log", [](const Tensor& x) { return log(x); }},
      {"sqrt", [](const Tensor& x) { return sqrt(x); }},
      {"rsqrt", [](const Tensor& x) { return rsqrt(x); }},
      {"sin", [](const Tensor& x) { return sin(x); }},
      {"1e-14 sin", [](const Tensor& x) { return sin(x) * 1e-14; }},
      {"tanh", [](const Tensor& x) { return tanh(x); }},
      {"sigmoid", [](const Tensor& x) { return sigmoid(x); }},
      {"gelu", [](const Tensor& x) { return gelu(x); }},
      {"relu", [](const Tensor& x) { return relu(x); }},
      {"abs", [](const Tensor& x) { return abs(x); }},
      {"softmax", [](const Tensor& x) { return softmax(x); }},
      {"log_softmax", [](const Tensor& x) { return log_softmax(x); }},
      {"layer_norm", [](const Tensor& x) { return layer_norm(x, Tensor(), Tensor(), 1e-12); }},
      {"cross_entropy 0", [](const Tensor& x) { return loss(x, 0); }},
      {"cross_entropy 1", [](const Tensor& x) { return loss(x, 1); }},
  };
  return all;
}

const std::vector<std::vector<double>>& points() {
  static const std::vector<std::vector<double>> all = {
      {1e-16, 2e-16, 5e-16},
      {1e-30, -2e-30, 3e-30},
      {1e-300, 2e-300, -3e-300},
      {1e12, 3},
      {1e-12, 1e12, 1},
      {1e8, 1e-8, 2},
      {1e8, 2},
      {1e150, -2e150, 3},
      {1e200, 1},
      {0.5, 700, 300},
      {0, 700, 1},
      {-36, -37},
      {1e15, 1e15 + 1, -1e15},
      {0.5, -1, 2},  // where logarithms and roots have no value
      {0, 0, 0},
  };
  return all;
}

GradcheckReport check(const Function& function, const Tensor& x, double factor) {
  return gradcheck(
      [&](const std::vector<Tensor>& in) {
        const auto planted = [factor](const Tensor& dy) { return dy * factor; };
        return function.of(factor == 1 ? in[0]
                                       : record("planted", in[0].detach().clone(), wrt(in[0], planted)));
      },
      {x});
}

bool is_flat(const Function& function, const Tensor& x) {
  const Tensor leaf = x.clone().requires_grad(), y = function.of(leaf);
  Rng rng(1);
  return max(abs(grad({y}, {leaf}, {gradchecking::cotangent(y.shape(), rng)})[0])).item() == 0;
}

}  // namespace

TEST_CASE("where numbers of every size meet no wrong gradient passes, and no right one fails", "[extremes]") {
  std::array<int64_t, 4> right{}, wrong{};
  for (const Function& function : functions()) {
    for (const std::vector<double>& point : points()) {
      const Tensor x = tensor(point);
      const GradcheckReport found = check(function, x, 1);
      INFO(function.name << " at " << fmt::format("{}", fmt::join(point, ", ")) << "\n" << to_string(found));
      CHECK(found.verdict != Verdict::fail);
      ++right[static_cast<size_t>(found.verdict)];
      if (is_flat(function, x)) continue;
      // Two numbers become -1 and 1, whatever they are: what is left of the gradient is rounding.
      if (function.name == "layer_norm" && point.size() == 2) continue;
      using Factors = std::vector<double>;
      for (const double factor :
           test::is_sanitized ? Factors{1.01, -1.0} : Factors{0.5, 1.01, 1.05, 2.0, -1.0}) {
        const GradcheckReport spoilt = check(function, x, factor);
        INFO("times " << factor << "\n" << to_string(spoilt));
        ++wrong[static_cast<size_t>(spoilt.verdict)];
        CHECK(spoilt.verdict != Verdict::pass);
        if (found.verdict != Verdict::kink || factor < 0) CHECK(spoilt.verdict > Verdict::kink);
      }
    }
  }
  fmt::print("numbers of every size, right gradients: {}\nnumbers of every size, wrong ones: {}\n",
             to_string(right), to_string(wrong));
  // Much is hidden at such places, but not most.
  CHECK(right[0] > right[2]);
  CHECK(wrong[3] > wrong[2]);
}

TEST_CASE("tiny numbers are as good as others: their gradients are seen", "[extremes]") {
  for (const char* name : {"x^2", "sum(x^2)", "pow 3", "variance", "x sum(x)", "x x^T"}) {
    const auto& all = functions();
    const auto function =
        std::find_if(all.begin(), all.end(), [&](const Function& f) { return f.name == name; });
    for (const double size : {1e-16, 1e-30}) {
      const Tensor x = tensor({size, 2 * size, 5 * size});
      INFO(name << " at " << size);
      CHECK(check(*function, x, 1).verdict == Verdict::pass);
      CHECK(check(*function, x, 1.01).verdict == Verdict::fail);
      CHECK(check(*function, x, -1).verdict == Verdict::fail);
      CHECK(check(*function, x, 0).verdict == Verdict::fail);  // a gradient that was dropped
    }
  }
}

TEST_CASE("what another input rounds away is not called wrong", "[extremes]") {
  const auto verdict = [](auto fn, std::vector<double> x, std::vector<double> y) {
    const auto of_two = [&](const std::vector<Tensor>& in) { return fn(in[0], in[1]); };
    return gradcheck(of_two, {tensor(x), tensor(y)}).verdict;
  };
  const auto softplus = [](const Tensor& x, const Tensor& y) { return log(1.0 + exp(x)) * y; };
  CHECK(verdict(softplus, {-40, 1}, {1e12, 1}) == Verdict::inconclusive);
  const auto minus = [](const Tensor& x, const Tensor& y) { return x - y; };
  CHECK(verdict(minus, {1.7e308, 1, 2}, {2, -2, 2}) == Verdict::inconclusive);
  CHECK(verdict(minus, {-37, -38, -39}, {1e308, -1e308, 1}) == Verdict::inconclusive);
  const auto sum_of_both = [](const Tensor& x, const Tensor& y) { return x * 1e-20 + y; };
  CHECK(verdict(sum_of_both, {1e308, 1}, {1e16, 1}) == Verdict::inconclusive);
  // Cotangents may take a gradient past the largest number, too.
  const auto product = [](const Tensor& x, const Tensor& y) { return erf(x) * y; };
  CHECK(verdict(product, {0.5, 1}, {1e308, -1e308}) != Verdict::fail);
}

TEST_CASE("a dropped gradient is not taken for one that is 0", "[extremes]") {
  const auto dropped = [](Tensor (*f)(const Tensor&), std::vector<double> at) {
    return check({"", f}, tensor(at), 0).verdict;
  };
  // The sum has 16 digits, so x changes nothing at usual steps; but it would at wide ones.
  CHECK(dropped([](const Tensor& x) { return x + 1e16; }, {0.5, -1}) == Verdict::inconclusive);
  CHECK(dropped([](const Tensor& x) { return sin(x); }, {1e15, 2}) == Verdict::fail);
  CHECK(dropped([](const Tensor& x) { return sin(x); }, {1e15}) == Verdict::inconclusive);
  CHECK(dropped([](const Tensor& x) { return abs(x); }, {1e-16, -2e-16}) > Verdict::kink);
  // Here it is right.
  CHECK(check({"", [](const Tensor& x) { return relu(x); }}, tensor({-5.0, -1e15}), 1).verdict ==
        Verdict::pass);
  CHECK(check({"", [](const Tensor& x) { return max(x); }}, tensor({1e12, 3.0}), 1).verdict == Verdict::pass);
  CHECK(check({"", [](const Tensor& x) { return tanh(x); }}, tensor({50.0, 1.0}), 1).verdict ==
        Verdict::pass);
}

TEST_CASE("where a function has no finite value its gradient is not called wrong, and the report says so",
          "[extremes]") {
  const auto report_of = [](Tensor (*f)(const Tensor&), std::vector<double> at) {
    return check({"", f}, tensor(at), 1);
  };
  const GradcheckReport negative = report_of([](const Tensor& x) { return sqrt(x); }, {4, -1});
  INFO(to_string(negative));
  CHECK(negative.verdict == Verdict::inconclusive);
  CHECK(negative.inputs[0].index == Shape{1});
  CHECK(negative.inputs[0].note == "the function is not finite here");
  const GradcheckReport steep = report_of([](const Tensor& x) { return sqrt(x); }, {4, 0});
  INFO(to_string(steep));
  CHECK(steep.verdict == Verdict::inconclusive);
  CHECK(steep.inputs[0].note == "the slope is not finite here");
  // A gradient of NaN or infinity at a place like any other is wrong.
  for (const double spoilt : {std::nan(""), HUGE_VAL}) {
    const auto fn = [](const Tensor& x) { return tanh(x); };
    CHECK(check({"", fn}, tensor({0.5, 2.0}), spoilt).verdict == Verdict::fail);
  }
}

// What the checker says: kinks, bugs of many kinds, blame, problems of the backward as a whole, f32, rules.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/sweep.hpp"
#include "autograd/node.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

using Inputs = std::vector<Tensor>;

Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return randn(shape, rng, DType::f64);
}

/// exp(x) whose backward is multiplied by `factor` at element `at`.
Tensor bent_exp(const Tensor& x, int64_t at, double factor) {
  return record("bent exp", exp(x.detach()), wrt(x, [at, factor](const Tensor& dy, const Tensor& y) {
                  Tensor dx = (dy * y).clone();
                  dx.mutable_data<double>()[at] *= factor;
                  return dx;
                }));
}

/// y = f(x), with a backward of its own.
template <class Backward>
Tensor custom(const Tensor& x, const Tensor& y, Backward backward) {
  return record("custom", y.detach(), wrt(x, [backward](const Tensor& dy) { return backward(dy); }));
}

}  // namespace

TEST_CASE("at exact kinks no seed gives a false failure", "[gradcheck]") {
  const Tensor at_zero = tensor({0.0, 1.0, -1.0, 0.0}), tie = tensor({1.0, 1.0, -2.0, 0.0});
  const std::vector<std::pair<std::string, std::function<Tensor(const Inputs&)>>> functions = {
      {"relu", [](const Inputs& x) { return relu(x[0]); }},
      {"abs", [](const Inputs& x) { return abs(x[0]); }},
      {"clamp", [](const Inputs& x) { return clamp(x[0], 0, 1); }},
      {"max", [](const Inputs& x) { return max(x[1]); }},
      {"maximum", [](const Inputs& x) { return maximum(x[0], x[1]); }},
      {"relu of a sum", [](const Inputs& x) { return relu(x[0]) * exp(x[1]) - abs(x[0] - x[1]); }},
  };
  for (uint64_t seed = 1; seed <= 1000; ++seed) {
    const auto& [label, fn] = functions[seed % functions.size()];
    const GradcheckReport report = gradcheck(fn, {at_zero, tie}, {.seed = seed});
    INFO(label << ", seed " << seed << "\n" << to_string(report));
    REQUIRE(report.passed);
    REQUIRE(report.verdict == Verdict::kink);
  }
}

TEST_CASE("along directions, kinks are told from wrong gradients", "[gradcheck]") {
  const Tensor x = tensor({0.0, 1.0, -1.0, 0.0, 2.0, 0.5});
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    const GradcheckReport right =
        gradcheck([](const Inputs& in) { return relu(in[0]); }, {x}, {.directions = 2, .seed = seed});
    INFO(to_string(right));
    REQUIRE(right.passed);
  }
  const auto wrong = [](const Inputs& in) {
    return custom(in[0], relu(in[0]), [x = in[0]](const Tensor& dy) {
      return where(less(zeros({6}, DType::f64), x.detach()), dy * 0.9, dy * 0.0);
    });
  };
  const GradcheckReport report = gradcheck(wrong, {x}, {.directions = 2});
  CHECK(report.verdict == Verdict::fail);
}

TEST_CASE("a wrong gradient at a kink is outside both slopes and fails", "[gradcheck]") {
  const auto wrong = [](const Inputs& in) {
    return custom(in[0], relu(in[0]), [](const Tensor& dy) { return dy * 1.5; });
  };
  const GradcheckReport report = gradcheck(wrong, {tensor({0.0})});
  CHECK(report.verdict == Verdict::fail);
  CHECK(report.inputs[0].left == Approx(0).margin(1e-12));
  CHECK(std::abs(report.inputs[0].right) >= 0.5);
}

TEST_CASE("one slightly wrong element is found: alone, by a sample of all, and along a direction",
          "[gradcheck]") {
  const Tensor x = random({20, 30}, 1);
  const auto fn = [](const Inputs& in) { return bent_exp(in[0], 317, 1 + 1e-6); };
  for (const GradcheckOptions& options : {GradcheckOptions{}, GradcheckOptions{.directions = 1},
                                          GradcheckOptions{.directions = 2, .sample = 5}}) {
    const GradcheckReport report = gradcheck(fn, {x}, options);
    INFO(to_string(report));
    CHECK(report.verdict == Verdict::fail);
    CHECK(report.inputs[0].index == Shape{10, 17});
    CHECK(report.inputs[0].analytic == Approx((1 + 1e-6) * report.inputs[0].numeric).epsilon(1e-9));
    CHECK(report.inputs[0].estimate < 1e-9);
  }
}

TEST_CASE("a sample checks as many elements as it is told", "[gradcheck]") {
  const auto fn = [](const Inputs& in) { return tanh(in[0]); };
  const GradcheckReport report = gradcheck(fn, {random({10, 10}, 2), random({3}, 3)}, {.sample = 7});
  CHECK(report.inputs[0].checked == 7);
  CHECK(report.inputs[0].total == 100);
  CHECK(report.inputs[1].checked == 3);
  CHECK(report.inputs[1].note == "the output does not depend on it");
  const GradcheckReport both = gradcheck(fn, {random({10, 10}, 2)}, {.directions = 2, .sample = 7});
  CHECK(both.inputs[0].checked == 7);
  CHECK(both.inputs[0].directions == 2);
}

TEST_CASE("a function that differences cannot settle is inconclusive, which is not passed", "[gradcheck]") {
  // Noise of its own at every x: no two differences agree.
  const auto noisy = [](const Inputs& in) {
    const double noise = 1e-12 * counter_hash(5, std::bit_cast<uint64_t>(in[0].item()));
    return custom(in[0], in[0] * (1 + noise), [](const Tensor& dy) { return dy; });
  };
  const GradcheckReport report = gradcheck(noisy, {tensor({0.7})});
  INFO(to_string(report));
  CHECK(report.verdict == Verdict::inconclusive);
  CHECK_FALSE(report.passed);
}

TEST_CASE("a backward that is not linear in its cotangent is named", "[gradcheck]") {
  const auto constant = [](const Inputs& in) {
    return custom(in[0], in[0] * 2.0, [](const Tensor& dy) { return full(dy.shape(), 2, DType::f64); });
  };
  GradcheckReport report = gradcheck(constant, {random({3}, 4)});
  CHECK_FALSE(report.passed);
  REQUIRE(report.problems.size() == 3);
  CHECK(report.problems[0] ==
        "input 0: a zero cotangent gives the gradient 2 at [0]; backward must be linear in it");
  CHECK(report.problems[2] ==
        "input 0: vjp(-1v) is 2 and -1 vjp(v) is -2 at [0]; backward must be linear in its cotangent");
  const auto square = [](const Inputs& in) {
    return custom(in[0], in[0] * 2.0, [](const Tensor& dy) { return dy * abs(dy); });
  };
  report = gradcheck(square, {random({3}, 4)});
  REQUIRE(report.problems.size() == 1);
  CHECK(report.problems[0].find("vjp(2v)") != std::string::npos);
  // Right for the positive half of all cotangents, of which a scalar output may well get one.
  const auto one_sided = [](const Inputs& in) {
    return custom(in[0], sum(in[0]), [x = in[0]](const Tensor& dy) { return abs(dy).expand(x.shape()); });
  };
  for (uint64_t seed = 1; seed <= 8; ++seed) {
    report = gradcheck(one_sided, {random({3}, 4)}, {.seed = seed});
    REQUIRE(report.problems.size() == 1);
    CHECK(report.problems[0].find("vjp(-1v)") != std::string::npos);
  }
}

TEST_CASE("a backward that reads memory which another call has overwritten is caught", "[gradcheck]") {
  // exp with its output kept in one place for all calls.
  const Tensor kept = empty({3}, DType::f64);
  const auto shared = [kept](const Inputs& in) {
    Tensor(kept).copy_(exp(in[0].detach()));
    return custom(in[0], kept.clone(), [kept](const Tensor& dy) { return dy * kept; });
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

TEST_CASE("f32 is held to f64, output and gradients", "[gradcheck]") {
  const auto fn = [](const Inputs& in) { return softmax(in[0] * in[1]); };
  const GradcheckReport good = gradcheck(fn, {random({5, 8}, 8), random({8}, 9)}, {.dtype = DType::f32});
  INFO(to_string(good));
  CHECK(good.passed);
  REQUIRE(good.inputs.size() == 3);
  CHECK(good.inputs[0].name == "output");
  CHECK(good.inputs[1].error > 0);
  // A constant that loses its digits in f32: exact in f64, wrong in f32.
  const auto coarse = [](const Inputs& in) { return (in[0] + 1e6) - 1e6; };
  CHECK_FALSE(gradcheck(coarse, {random({5}, 8)}, {.dtype = DType::f32}).passed);
  CHECK(gradcheck(coarse, {random({5}, 8)}).passed);
}

TEST_CASE("what the rules of others let pass, and what they call wrong", "[gradcheck]") {
  const auto verdict = [](const auto& fn, const Inputs& inputs, GradcheckRules rules) {
    return gradcheck(fn, inputs, {.rules = rules}).verdict;
  };
  // 1e-4 of an element: under torch's relative 1e-3.
  const auto slightly = [](const Inputs& in) { return bent_exp(in[0], 3, 1.0001); };
  CHECK(verdict(slightly, {random({8}, 1)}, GradcheckRules::gradus) == Verdict::fail);
  CHECK(verdict(slightly, {random({8}, 1)}, GradcheckRules::torch) == Verdict::pass);
  // One element of many off by a tenth: a pooled direction does not see it.
  const auto pooled = [](const Inputs& in) { return bent_exp(in[0], 3, 1.1); };
  CHECK(verdict(pooled, {random({40, 40}, 1)}, GradcheckRules::gradus) == Verdict::fail);
  CHECK(verdict(pooled, {random({40, 40}, 1)}, GradcheckRules::torch_fast) == Verdict::pass);
  // A factor of two is seen by all.
  const auto twice = [](const Inputs& in) {
    return custom(in[0], exp(in[0]), [x = in[0]](const Tensor& dy) { return dy * exp(x.detach()) * 2.0; });
  };
  for (const GradcheckRules rules :
       {GradcheckRules::gradus, GradcheckRules::torch, GradcheckRules::torch_fast, GradcheckRules::jax}) {
    CHECK(verdict(twice, {random({6}, 2)}, rules) == Verdict::fail);
    CHECK(gradcheck([](const Inputs& in) { return exp(in[0]); }, {random({6}, 2)}, {.rules = rules}).passed);
  }
  // The corner of relu.
  const auto corner = [](const Inputs& in) { return relu(in[0]); };
  CHECK(verdict(corner, {tensor({0.0})}, GradcheckRules::torch) == Verdict::fail);
  CHECK(verdict(corner, {tensor({0.0})}, GradcheckRules::gradus) == Verdict::kink);
}

TEST_CASE("a report converts to JSON and CSV", "[gradcheck]") {
  const GradcheckReport report = gradcheck([](const Inputs& in) { return log(in[0]) * in[1]; },
                                           {tensor({1.0, 2.0}), tensor({3.0, 4.0})});
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK(json.at("schema") == 1);
  CHECK(json.at("passed") == true);
  CHECK(json.at("kind") == "first order");
  REQUIRE(json.at("tensors").size() == 2);
  CHECK(json["tensors"][0].at("name") == "input 0");
  CHECK(json["tensors"][0].at("index").size() == 1);
  CHECK(json["tensors"][0].at("verdict") == "pass");
  const std::string csv = to_csv(report);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 3);
  CHECK(csv.find("input 0,[2],2,2,0,pass,") != std::string::npos);
  // No number that JSON does not know.
  const GradcheckReport infinite = gradcheck([](const Inputs& in) { return sqrt(in[0]); }, {tensor({0.0})});
  CHECK_FALSE(infinite.passed);
  CHECK(nlohmann::json::parse(to_json(infinite))["tensors"][0]["analytic"].is_null());
}

TEST_CASE("right formulas at random points raise no alarm", "[gradcheck]") {
  const std::vector<std::function<Tensor(const Inputs&)>> functions = {
      [](const Inputs& in) { return softmax(in[0]) * in[1]; },
      [](const Inputs& in) {
        return matmul(tanh(in[0]), in[1].reshape({-1, 1}));
      },
      [](const Inputs& in) { return gelu(in[0] * in[1]) / (exp(in[0]) + 1.0); },
      [](const Inputs& in) { return logsumexp(in[0] + in[1] * 3.0, Axes{1}); },
      [](const Inputs& in) { return layer_norm(in[0], in[1], in[1], 1e-5); },
      [](const Inputs& in) { return max(in[0] * in[1], Axes{1}) + var(in[0], Axes{1}); },
  };
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    const auto& fn = functions[seed % functions.size()];
    GradcheckOptions options{.seed = seed};
    if (seed % 3 == 1) options.directions = 2;
    options.second_order = seed % 2 == 0;
    const GradcheckReport report = gradcheck(fn, {random({2, 4}, seed), random({4}, seed + 5000)}, options);
    INFO("seed " << seed << "\n" << to_string(report));
    REQUIRE(report.passed);
  }
}

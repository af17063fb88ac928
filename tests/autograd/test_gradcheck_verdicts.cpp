// What the checker says: wrong elements and which is blamed, what stays open, rules of others, reports.
#include <bit>
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/sweep.hpp"
#include "autograd/node.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"
#include "support/own_backward.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// exp(x) whose backward is multiplied by `factor` at element `at`.
Tensor bent_exp(const Tensor& x, int64_t at, double factor) {
  return record("bent exp", exp(x.detach()), wrt(x, [at, factor](const Tensor& dy, const Tensor& y) {
                  Tensor dx = (dy * y).clone();
                  dx.mutable_data<double>()[at] *= factor;
                  return dx;
                }));
}

}  // namespace

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

TEST_CASE("of several wrong elements a direction blames the worst", "[gradcheck]") {
  const auto fn = [](const Inputs& in) {
    return with_spoilt_gradient([](const Tensor& x) { return exp(x); }, in[0],
                                [](Tensor& dx, const Tensor&) {
                                  dx.mutable_data<double>()[14] *= 1 + 1e-5;
                                  dx.mutable_data<double>()[77] *= 1.1;
                                  dx.mutable_data<double>()[260] *= 1 + 1e-4;
                                });
  };
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const GradcheckReport report =
        gradcheck(fn, {full({20, 15}, 0.5, DType::f64)}, {.directions = 1, .seed = seed});
    INFO(to_string(report));
    CHECK(report.verdict == Verdict::fail);
    CHECK(report.inputs[0].index == Shape{5, 2});
  }
}

TEST_CASE("the tolerance is 1e-9 of the tensor's largest gradient, whatever its size", "[gradcheck]") {
  for (const double size : {1e-4, 1.0, 1e6, 1e12}) {
    const auto off_by = [size](double relative) {
      return [=](const Inputs& in) { return bent_exp(in[0], 1, 1 + relative) * size; };
    };
    const Tensor x = tensor({0.5, 0.5, -3.0});
    INFO(size);
    CHECK(gradcheck(off_by(1e-10), {x}).passed);
    CHECK(gradcheck(off_by(2e-8), {x}).verdict == Verdict::fail);
    CHECK(gradcheck(off_by(-2e-8), {x}).verdict == Verdict::fail);
  }
  // Below 1e-13 there is rounding only.
  const auto small = [](const Inputs& in) { return bent_exp(in[0], 0, 1.001) * 1e-9; };
  CHECK(gradcheck(small, {tensor({0.5})}).verdict == Verdict::fail);
}

TEST_CASE("a gradient that is 0 up to rounding has no error", "[gradcheck]") {
  // The same number added to every score changes no softmax: what is left of its gradient are rounding
  // errors.
  const auto fn = [](const Inputs& in) { return softmax(in[0] + in[1], -1); };
  const GradcheckReport report = gradcheck(fn, {random({6, 9}, 5), random({6, 1}, 6)});
  INFO(to_string(report));
  CHECK(report.passed);
  CHECK(report.inputs[0].note.empty());
  CHECK(report.inputs[0].error > 0);
  CHECK(report.inputs[1].note == "0 up to rounding");
  CHECK(report.inputs[1].analytic != 0);
  CHECK(report.inputs[1].error == 0);
}

TEST_CASE("second order: where the first gradient is constant, the report says that it is the gradient",
          "[gradcheck]") {
  const auto fn = [](const Inputs& in) { return tanh(in[0]) + 2.0 * in[1]; };
  const Inputs inputs = {random({3}, 2), random({3}, 3)};
  const GradcheckReport second = gradcheck(fn, inputs, {.second_order = true});
  INFO(to_string(second));
  CHECK(second.passed);
  CHECK(second.inputs[0].note.empty());
  CHECK(second.inputs[1].note == "no first gradient depends on it");
  CHECK(gradcheck(fn, inputs).inputs[1].note.empty());
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
  // Noise of its own at every x: no two differences agree, and backward may claim anything.
  for (const double amplitude : {1e-9, 1e-6, 1e-3}) {
    for (uint64_t seed = 1; seed <= 20; ++seed) {
      const auto noisy = [&](const Inputs& in) {
        const double noise = counter_hash(seed, std::bit_cast<uint64_t>(in[0].item())) / 4294967296.0 - 0.5;
        return with_backward(in[0], in[0] * (1 + amplitude * noise),
                             [](const Tensor& dy) { return dy * 0.7; });
      };
      const GradcheckReport report = gradcheck(noisy, {tensor({0.7})}, {.seed = seed});
      INFO("noise of " << amplitude << "\n" << to_string(report));
      CHECK_FALSE(report.passed);
      if (amplitude == 1e-3) CHECK(report.verdict == Verdict::inconclusive);
    }
  }
}

TEST_CASE("a failure says how many elements are wrong, and what the inputs of the worst are", "[gradcheck]") {
  const auto fn = [](const Inputs& in) {
    return with_spoilt_gradient([](const Tensor& x) { return exp(x); }, in[0],
                                [](Tensor& dx, const Tensor& dy) {
                                  for (const int64_t i : {1, 4, 5})
                                    dx.mutable_data<double>()[i] +=
                                        static_cast<double>(i) * max(abs(dy)).item();
                                }) +
           in[1];
  };
  const Tensor x = tensor({0.25, 0.5, 0.75, -0.25, -0.5, -0.75}, Shape{2, 3});
  const GradcheckReport report = gradcheck(fn, {x, tensor({1.5})});
  INFO(to_string(report));
  CHECK(report.inputs[0].counts == std::array<int64_t, 4>{3, 0, 0, 3});
  CHECK(report.inputs[0].inputs == "input 0 from [1, 0] on = -0.25 -0.5 -0.75; input 1 = 1.5");
  CHECK(to_string(report).find(
            "input 0: 3 of 6 elements wrong; the worst is [1, 2], where input 0 from [1, 0] on") !=
        std::string::npos);
  CHECK(report.inputs[1].inputs.empty());
  CHECK(to_string(report.counts()) == "1 passed, 0 at a kink, 0 inconclusive, 1 failed");
  const GradcheckReport corner =
      gradcheck([](const Inputs& in) { return relu(in[0]); }, {tensor({0.0, 1.0})});
  CHECK(corner.passed);
  CHECK(corner.inputs[0].counts == std::array<int64_t, 4>{1, 1, 0, 0});
  CHECK(to_string(corner.counts()) == "0 passed, 1 at a kink, 0 inconclusive, 0 failed");
  const auto json = nlohmann::json::parse(to_json(report));
  CHECK(json.at("counts").at("fail") == 1);
  CHECK(json.at("tensors")[0].at("wrong") == 3);
  for (const GradcheckRules rules :
       {GradcheckRules::torch, GradcheckRules::torch_fast, GradcheckRules::jax}) {
    const GradcheckReport other = gradcheck(fn, {x, tensor({1.5})}, {.rules = rules});
    CHECK(other.inputs[0].counts[3] == (rules == GradcheckRules::torch ? 3 : 1));
  }
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
    return with_backward(in[0], exp(in[0]),
                         [x = in[0]](const Tensor& dy) { return dy * exp(x.detach()) * 2.0; });
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

// gradcheck of a module: every input and every named parameter.
#include "nn/gradcheck.hpp"
#include "nn/nn.hpp"
#include "support/catch.hpp"
#include "support/own_backward.hpp"

using namespace gradus;

namespace {

/// x W + b, where W's gradient is wrong at one element.
class SpoiltLinear : public nn::Module {
 public:
  explicit SpoiltLinear(Rng& rng)
      : weight(parameter("weight", randn({4, 2}, rng))), bias(parameter("bias", randn({2}, rng))) {}

  Tensor operator()(const Tensor& x) const {
    const auto product = [&](const Tensor& w) { return matmul(x.detach(), w); };
    const Tensor part = test::with_spoilt_gradient(product, weight, [](Tensor& dx, const Tensor& dy) {
      dx.mutable_data<double>()[5] += 0.01 * max(abs(dy)).item();
    });
    return part + matmul(x, weight.detach()) - matmul(x.detach(), weight.detach()) + bias;
  }

  const Tensor weight, bias;
};

std::vector<std::string> names(const GradcheckReport& report) {
  std::vector<std::string> all;
  for (const GradcheckResult& row : report.inputs) all.push_back(row.name);
  return all;
}

}  // namespace

TEST_CASE("a module is checked by every input and every parameter", "[gradcheck]") {
  Rng rng(1);
  const nn::Linear linear(4, 2, rng);
  const std::vector<float> before = linear.weight.to_vector<float>();
  const GradcheckReport one = nn::gradcheck(linear, {randn({3, 4}, rng)});
  INFO(to_string(one));
  CHECK(one.passed);
  CHECK(names(one) == std::vector<std::string>{"input 0", "weight", "bias"});
  CHECK(linear.weight.dtype() == DType::f32);
  CHECK(linear.weight.to_vector<float>() == before);

  const nn::AdditiveScore score(4, 4, 3, rng);
  const GradcheckReport two = nn::gradcheck(score, {randn({2, 3, 4}, rng), randn({2, 5, 4}, rng)});
  INFO(to_string(two));
  CHECK(two.passed);
  CHECK(two.inputs.size() == 2 + score.named_parameters().size());
}

TEST_CASE("integer inputs of a module are passed through", "[gradcheck]") {
  Rng rng(2);
  const nn::Embedding table(5, 3, rng);
  const GradcheckReport report = nn::gradcheck(table, {tensor({4, 1, 1})});
  INFO(to_string(report));
  CHECK(report.passed);
  CHECK(names(report) == std::vector<std::string>{"weight"});
}

TEST_CASE("a wrong parameter gradient is found under its name", "[gradcheck]") {
  Rng rng(3);
  const SpoiltLinear module(rng);
  for (const GradcheckOptions& options : {GradcheckOptions{}, GradcheckOptions{.directions = 1},
                                          GradcheckOptions{.directions = 1, .sample = 1}}) {
    const GradcheckReport report = nn::gradcheck(module, {randn({3, 4}, rng)}, options);
    INFO(to_string(report));
    CHECK(report.verdict == Verdict::fail);
    REQUIRE(report.inputs.size() == 3);
    CHECK(report.inputs[0].passed);
    CHECK(report.inputs[1].verdict == Verdict::fail);
    CHECK(report.inputs[1].index == Shape{2, 1});
    CHECK(report.inputs[2].passed);
  }
}

TEST_CASE("a module that cannot be called with that many tensors is named", "[gradcheck]") {
  Rng rng(4);
  const nn::Linear linear(4, 2, rng);
  CHECK_THROWS_WITH(nn::gradcheck(linear, {randn({3, 4}, rng), randn({3, 4}, rng)}),
                    "gradcheck: this module cannot be called with 2 tensors; give the call as a function");
}

TEST_CASE("a frozen parameter is not checked", "[gradcheck]") {
  Rng rng(5);
  const nn::Linear linear(4, 2, rng);
  Tensor(linear.weight).requires_grad(false);
  for (const GradcheckOptions& options : {GradcheckOptions{}, GradcheckOptions{.dtype = DType::f32}}) {
    const GradcheckReport report = nn::gradcheck(linear, {randn({3, 4}, rng)}, options);
    INFO(to_string(report));
    CHECK(report.passed);
    for (const std::string& name : names(report)) CHECK(name != "weight");
    CHECK(linear.weight.dtype() == DType::f32);
    CHECK_FALSE(linear.weight.needs_grad());
  }
}

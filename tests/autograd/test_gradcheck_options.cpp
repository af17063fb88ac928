// Options that are refused, values that are put back, views that share memory, and what a report counts.
#include <cmath>
#include <nlohmann/json.hpp>

#include "autograd/autograd.hpp"
#include "autograd/gradcheck/sweep.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"
#include "support/own_backward.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

const auto square = [](const Inputs& in) { return in[0] * in[0]; };

}  // namespace

TEST_CASE("gradcheck refuses options out of range, and those that it would drop", "[gradcheck]") {
  const auto refused = [](const GradcheckOptions& options, const std::string& sentence) {
    CHECK_THROWS_WITH(gradcheck(square, {random({3}, 1)}, options), "gradcheck: " + sentence);
    CHECK_THROWS_AS(gradcheck_sweep(square, {random({3}, 1)}, options), Error);
  };
  refused({.step = 0}, "step is 0; it must be a number above 0");
  refused({.step = NAN}, "step is nan; it must be a number above 0");
  refused({.step = INFINITY}, "step is inf; it must be a number above 0");
  refused({.tolerance = -1}, "tolerance is -1; it must be 0 or more");
  refused({.tolerance = NAN}, "tolerance is nan; it must be 0 or more");
  refused({.directions = -1}, "directions is -1 and sample is 0; both must be 0 or more");
  refused({.sample = -1}, "directions is 0 and sample is -1; both must be 0 or more");
  refused({.f32_units = -8}, "f32_units is -8; it must be 0 or more");
  refused({.dtype = DType::i64}, "dtype is i64; it must be f64 or f32");
  const std::string second = "second_order is by differences in f64; it goes with no other dtype or rules";
  refused({.second_order = true, .dtype = DType::f32}, second);
  refused({.second_order = true, .rules = GradcheckRules::jax}, second);
  const std::string chosen =
      "f32 and the rules of others choose themselves what to check; directions and sample must be 0";
  refused({.sample = 2, .dtype = DType::f32}, chosen);
  refused({.directions = 2, .rules = GradcheckRules::torch}, chosen);
  CHECK_THROWS_AS(gradcheck_sweep(square, {random({3}, 1)}, {.second_order = true}), Error);
}

TEST_CASE("values are put back when the function throws", "[gradcheck]") {
  const Tensor x = random({4}, 2).requires_grad();
  const std::vector<double> before = x.to_vector<double>();
  // Values that f32 can hold are taken; then the first of them may not grow.
  const auto picky = [&] {
    if (!grad_enabled() && x.to_vector<double>()[0] > static_cast<float>(before[0]) + 1e-7) {
      fail<Error>("picky: it grew");
    }
    return exp(x);
  };
  CHECK_THROWS_WITH(gradcheck_sweep(picky, {{"x", x}}), "picky: it grew");
  CHECK(x.to_vector<double>() == before);
  for (const GradcheckRules rules :
       {GradcheckRules::torch, GradcheckRules::torch_fast, GradcheckRules::jax, GradcheckRules::gradus}) {
    int calls = 0;
    const auto tired = [&] {
      if (!grad_enabled() && ++calls == 4) fail<Error>("tired");
      return exp(x) + 0.0;
    };
    const auto soon = [&] {
      if (!grad_enabled() && x.to_vector<double>() != before) fail<Error>("moved");
      return tired();
    };
    CHECK_THROWS_AS(gradcheck(soon, {{"x", x}}, {.rules = rules}), Error);
    CHECK(x.to_vector<double>() == before);
  }
}

TEST_CASE("views that interleave without a common element are checked", "[gradcheck]") {
  const Tensor x = random({4, 6}, 3);
  const auto fn = [](const Inputs& in) { return in[0] * in[1]; };
  CHECK(gradcheck(fn, {x.slice(1, 0, 3), x.slice(1, 3, 6)}).passed);
  CHECK_THROWS_WITH(
      gradcheck(fn, {x.slice(1, 0, 3), x.slice(1, 2, 5)}),
      "gradcheck: input 0 and input 1 share memory, so neither can change alone; clone() one of them");
}

TEST_CASE("a report keeps elements and directions apart", "[gradcheck]") {
  const auto row = [](const GradcheckOptions& options) {
    return gradcheck(square, {random({10}, 4)}, options);
  };
  const GradcheckReport both = row({.directions = 3, .sample = 3});
  CHECK(both.inputs[0].elements == 3);
  CHECK(both.inputs[0].directions == 3);
  CHECK(to_string(both).find("3 of 10 + 3 dir") != std::string::npos);
  const GradcheckReport along = row({.directions = 1});
  CHECK(along.inputs[0].elements == 0);
  CHECK(to_string(along).find("1 direction ") != std::string::npos);
  CHECK(nlohmann::json::parse(to_json(along))["tensors"][0].at("elements") == 0);
  CHECK(nlohmann::json::parse(to_json(both))["tensors"][0].at("elements") == 3);
}

TEST_CASE("the CSV of a check says what its problems are", "[gradcheck]") {
  const GradcheckReport report = gradcheck(
      [](const Inputs& in) {
        return with_backward(in[0], in[0] * 2.0, [](const Tensor& dy) { return clamp(dy, -2, 2) * 2.0; });
      },
      {random({3}, 4)}, {.seed = 3});
  REQUIRE(report.problems.size() == 1);
  const std::string csv = to_csv(report);
  CHECK(csv.find("\r\n,,,,,fail,,,,,,,,,,input 0: vjp(2v) is ") != std::string::npos);
  // As many columns in each line.
  std::istringstream lines(csv);
  for (std::string line; std::getline(lines, line);) CHECK(std::count(line.begin(), line.end(), ',') == 23);
}

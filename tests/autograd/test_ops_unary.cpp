// Functions of one element.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;
using Function = Tensor (*)(const Tensor&);

Op as_op(Function f) {
  return [f](const Inputs& x) { return f(x[0]); };
}

double slope_at(Function f, double x) {
  Tensor leaf = scalar(x, DType::f64).requires_grad();
  return grad({f(leaf)}, {leaf})[0].item();
}

double value_at(Function f, double x) { return f(scalar(x, DType::f64)).item(); }

}  // namespace

TEST_CASE("unary: values by the standard library's functions", "[ops]") {
  const Tensor x = random_tensor({17}, 3, {0.1, 3});
  struct Case {
    Function op;
    double (*reference)(double);
  };
  const std::vector<Case> cases = {
      {exp, [](double v) { return std::exp(v); }},
      {log, [](double v) { return std::log(v); }},
      {sqrt, [](double v) { return std::sqrt(v); }},
      {rsqrt, [](double v) { return 1 / std::sqrt(v); }},
      {tanh, [](double v) { return std::tanh(v); }},
      {sigmoid, [](double v) { return 1 / (1 + std::exp(-v)); }},
      {erf, [](double v) { return std::erf(v); }},
      {gelu, [](double v) { return v * 0.5 * std::erfc(-v / std::sqrt(2.0)); }},
      {gelu_tanh,
       [](double v) {
         return 0.5 * v * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (v + 0.044715 * v * v * v)));
       }},
      {silu, [](double v) { return v / (1 + std::exp(-v)); }},
      {sin, [](double v) { return std::sin(v); }},
      {cos, [](double v) { return std::cos(v); }},
  };
  for (const Tensor& in : {x, -x}) {
    for (size_t k = 0; k < cases.size(); ++k) {
      if (k >= 1 && k <= 3 && in.at({0}) < 0) continue;  // log and roots of negative numbers: below
      INFO("case " << k);
      const Values y = values(cases[k].op(in)), single = values(cases[k].op(in.to(DType::f32)));
      const Values from = values(in);
      for (size_t i = 0; i < y.size(); ++i) {
        CHECK(y[i] == Approx(cases[k].reference(from[i])).epsilon(1e-14).margin(1e-15));
        CHECK(single[i] == Approx(cases[k].reference(from[i])).epsilon(1e-6).margin(1e-6));
      }
    }
  }
}

TEST_CASE("log, sqrt, rsqrt: at 0 and below", "[ops]") {
  CHECK(value_at(log, 0) == -infinity);
  CHECK(std::isnan(value_at(log, -1)));
  CHECK(value_at(sqrt, 0) == 0);
  CHECK(std::isnan(value_at(sqrt, -1)));
  CHECK(value_at(rsqrt, 0) == infinity);
  CHECK(slope_at(log, 0) == infinity);
  CHECK(slope_at(sqrt, 0) == infinity);
  CHECK(slope_at(rsqrt, 0) == -infinity);
}

TEST_CASE("relu: at 0, at NaN and at infinity", "[ops]") {
  CHECK(values(relu(tensor({-1.0, 0.0, 2.0, -infinity, infinity}))) == Values{0, 0, 2, 0, infinity});
  CHECK(std::isnan(value_at(relu, not_a_number)));
  CHECK(slope_at(relu, 0) == 0);
  CHECK(slope_at(relu, 1e-300) == 1);
  CHECK(slope_at(relu, -1e-300) == 0);
}

TEST_CASE("abs: at 0 and at negative numbers", "[ops]") {
  CHECK(values(abs(tensor({-1.5, 0.0, 2.0}))) == Values{1.5, 0, 2});
  CHECK(slope_at(abs, 0) == 0);
  CHECK(slope_at(abs, -2) == -1);
  CHECK(slope_at(abs, 2) == 1);
}

TEST_CASE("abs: of whole numbers", "[ops]") {
  const int64_t least = std::numeric_limits<int64_t>::min();
  const Tensor y = abs(tensor(std::vector<int64_t>{-3, 0, 7, least + 1, least}));
  CHECK(y.dtype() == DType::i64);
  CHECK(y.to_vector<int64_t>() ==
        std::vector<int64_t>{3, 0, 7, -(least + 1), least});  // the least has no twin
}

TEST_CASE("clamp: the bounds belong to the inside", "[ops]") {
  Tensor x = tensor({-2.0, -1.0, 0.0, 1.5, 2.0}).requires_grad();
  const Tensor y = clamp(x, -1, 1.5);
  CHECK(values(y) == Values{-1, -1, 0, 1.5, 1.5});
  CHECK(values(grad({sum(y)}, {x})[0]) == Values{0, 1, 1, 1, 0});
  CHECK(std::isnan(clamp(tensor({not_a_number}), 0, 1).item()));
  CHECK(values(clamp(tensor({-3.0, 3.0}), -infinity, infinity)) == Values{-3, 3});
  CHECK(values(clamp(tensor({-3.0, 3.0}), 1, 1)) == Values{1, 1});
}

TEST_CASE("unary: the ends of the range", "[ops]") {
  CHECK(value_at(exp, -infinity) == 0);
  CHECK(value_at(exp, infinity) == infinity);
  CHECK(value_at(exp, 1000) == infinity);
  CHECK(value_at(tanh, infinity) == 1);
  CHECK(value_at(tanh, -infinity) == -1);
  CHECK(value_at(sigmoid, infinity) == 1);
  CHECK(value_at(sigmoid, -infinity) == 0);
  CHECK(value_at(sigmoid, -800) == 0);
  CHECK(value_at(erf, infinity) == 1);
  CHECK(value_at(gelu, 40) == 40);
  CHECK(value_at(gelu, -40) == 0);
  CHECK(value_at(gelu_tanh, 40) == 40);
  CHECK(value_at(silu, 800) == 800);
  CHECK(std::abs(value_at(silu, -800)) == 0);
  for (const Function f : {Function(exp), Function(log), Function(sqrt), Function(rsqrt), Function(tanh),
                           Function(sigmoid), Function(erf), Function(gelu), Function(gelu_tanh),
                           Function(silu), Function(abs), Function(sin), Function(cos)}) {
    CHECK(std::isnan(value_at(f, not_a_number)));
  }
}

TEST_CASE("gelu: slopes far from 0 are 0 and 1", "[ops]") {
  for (const Function f : {Function(gelu), Function(gelu_tanh), Function(silu)}) {
    CHECK(slope_at(f, 0) == 0.5);
    CHECK(slope_at(f, 60) == 1);
    CHECK(std::abs(slope_at(f, -60)) < 1e-20);
  }
}

TEST_CASE("exp, log, sqrt, rsqrt: gradients", "[ops][gradient]") {
  check_elementwise(as_op(exp));
  check_elementwise(as_op(log), 1, {0.5, 3});
  check_elementwise(as_op(sqrt), 1, {0.5, 3});
  check_elementwise(as_op(rsqrt), 1, {0.5, 3});
}

TEST_CASE("tanh and sigmoid: gradients", "[ops][gradient]") {
  check_elementwise(as_op(tanh));
  check_elementwise(as_op(sigmoid));
}

TEST_CASE("erf, gelu, gelu_tanh, silu: gradients", "[ops][gradient]") {
  check_elementwise(as_op(erf));
  check_elementwise(as_op(gelu));
  check_elementwise(as_op(gelu_tanh));
  check_elementwise(as_op(silu));
}

TEST_CASE("relu, abs, clamp: gradients away from their kinks", "[ops][gradient]") {
  for (const Range range : {Range{0.2, 2}, Range{-2, -0.2}}) {
    check_elementwise(as_op(relu), 1, range);
    check_elementwise(as_op(abs), 1, range);
  }
  for (const Range range : {Range{-0.9, 1.1}, Range{-3, -1.1}, Range{1.3, 3}}) {
    check_elementwise([](const Inputs& x) { return clamp(x[0], -1, 1.2); }, 1, range);
  }
}

TEST_CASE("sin and cos: gradients", "[ops][gradient]") {
  check_elementwise(as_op(sin));
  check_elementwise(as_op(cos));
}

TEST_CASE("unary: third derivatives", "[ops][gradient]") {
  // d^3/dx^3 at 0.5: exp gives itself; of sin it is -cos; of tanh, -2 s (1 - 3 t^2) with s = 1 - t^2.
  const auto third = [](Function f) {
    Tensor x = scalar(0.5, DType::f64).requires_grad();
    const Tensor first = grad({f(x)}, {x}, {}, {.create_graph = true})[0];
    const Tensor second = grad({first}, {x}, {}, {.create_graph = true})[0];
    return grad({second}, {x})[0].item();
  };
  const double t = std::tanh(0.5);
  CHECK(third(exp) == Approx(std::exp(0.5)).epsilon(1e-13));
  CHECK(third(sin) == Approx(-std::cos(0.5)).epsilon(1e-13));
  CHECK(third(tanh) == Approx(-2 * (1 - t * t) * (1 - 3 * t * t)).epsilon(1e-13));
  CHECK(third(log) == Approx(16).epsilon(1e-13));
}

TEST_CASE("unary: misuse is named", "[ops][misuse]") {
  const Tensor i = arange(3);
  const std::vector<std::pair<std::string, Function>> all = {
      {"exp", exp},         {"log", log},   {"sqrt", sqrt}, {"rsqrt", rsqrt}, {"tanh", tanh},
      {"sigmoid", sigmoid}, {"relu", relu}, {"erf", erf},   {"gelu", gelu},   {"gelu_tanh", gelu_tanh},
      {"silu", silu},       {"sin", sin},   {"cos", cos}};
  for (const auto& [op, f] : all) {
    CHECK_THROWS_WITH(f(i), op + ": takes f32 or f64, not i64");
    CHECK_THROWS_AS(f(i), DTypeError);
    CHECK_THROWS_WITH(f(Tensor()), "this tensor is not defined: it was made by Tensor() and never assigned");
  }
  CHECK_THROWS_WITH(abs(equal(i, i)), "abs: takes f32, f64 or i64, not bool");
  CHECK_THROWS_WITH(clamp(i, 0, 1), "clamp: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(clamp(ones({1}), 2, 1), "clamp: the lower bound 2 must not be above the upper bound 1");
  CHECK_THROWS_WITH(clamp(ones({1}), not_a_number, 1),
                    "clamp: the lower bound nan must not be above the upper bound 1");
  CHECK_THROWS_WITH(is_finite(i), "is_finite: takes f32 or f64, not i64");
}

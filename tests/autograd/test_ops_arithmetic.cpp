// add, sub, mul, div, neg, maximum, minimum, pow, and operators with plain numbers.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

/// dy/dx of sum(op(x)).
Values slope(const Op& op, const Tensor& x) {
  Tensor leaf = x.detach().requires_grad();
  return values(grad({sum(op({leaf}))}, {leaf})[0]);
}

}  // namespace

TEST_CASE("arithmetic: values of every dtype", "[ops]") {
  const Tensor a = tensor({6.0, -3.0}), b = tensor({2.0, 4.0});
  CHECK(values(a + b) == Values{8, 1});
  CHECK(values(a - b) == Values{4, -7});
  CHECK(values(a * b) == Values{12, -12});
  CHECK(values(a / b) == Values{3, -0.75});
  CHECK(values(-a) == Values{-6, 3});
  const Tensor i = tensor({7, -2}), j = tensor({3, 5});
  CHECK((i + j).to_vector<int64_t>() == std::vector<int64_t>{10, 3});
  CHECK((i - j).to_vector<int64_t>() == std::vector<int64_t>{4, -7});
  CHECK((i * j).to_vector<int64_t>() == std::vector<int64_t>{21, -10});
  CHECK((-i).to_vector<int64_t>() == std::vector<int64_t>{-7, 2});
  CHECK(maximum(i, j).to_vector<int64_t>() == std::vector<int64_t>{7, 5});
  CHECK(minimum(i, j).to_vector<int64_t>() == std::vector<int64_t>{3, -2});
  CHECK((a.to(DType::f32) / b.to(DType::f32)).to_vector<float>() == std::vector<float>{3, -0.75f});
}

TEST_CASE("arithmetic: plain numbers on either side", "[ops]") {
  const Tensor x = tensor({1.0, 4.0});
  CHECK(values(x + 2) == Values{3, 6});
  CHECK(values(2 + x) == Values{3, 6});
  CHECK(values(x - 2) == Values{-1, 2});
  CHECK(values(2 - x) == Values{1, -2});
  CHECK(values(x * 3) == Values{3, 12});
  CHECK(values(3 * x) == Values{3, 12});
  CHECK(values(x / 2) == Values{0.5, 2});
  CHECK(values(2 / x) == Values{2, 0.5});
  CHECK((tensor({1, 2}) * 3.0 + 1.0).to_vector<int64_t>() == std::vector<int64_t>{4, 7});
}

TEST_CASE("arithmetic: shapes broadcast by NumPy's rule", "[ops]") {
  const Tensor column = tensor({10.0, 20.0}, Shape{2, 1}), row = tensor({1.0, 2.0, 3.0});
  CHECK((column + row).shape() == Shape{2, 3});
  CHECK(values(column + row) == Values{11, 12, 13, 21, 22, 23});
  CHECK(values(row - column) == Values{-9, -8, -7, -19, -18, -17});
  CHECK((scalar(1, DType::f64) * column).shape() == Shape{2, 1});
  CHECK((zeros({0, 3}) + zeros({3})).shape() == Shape{0, 3});
  CHECK((zeros({1, 3}) * zeros({0, 1})).shape() == Shape{0, 3});
}

TEST_CASE("arithmetic: operands may lie anyhow in memory", "[ops]") {
  const Tensor a = arange(6, DType::f64).reshape({2, 3}), b = arange(6, DType::f64).reshape({3, 2});
  CHECK(values(a + b.transpose(0, 1)) == Values{0, 3, 6, 4, 7, 10});
  CHECK(values(a.transpose(0, 1) * b) == Values{0, 3, 2, 12, 8, 25});
  CHECK(values(a.slice(1, 0, 3, 2) - b.slice(0, 0, 2)) == Values{0, 1, 1, 2});
}

TEST_CASE("div: by zero is IEEE's", "[ops]") {
  const Values y = values(tensor({1.0, -1.0, 0.0}) / zeros({3}, DType::f64));
  CHECK(y[0] == infinity);
  CHECK(y[1] == -infinity);
  CHECK(std::isnan(y[2]));
}

TEST_CASE("maximum and minimum: NaN wins and ties share the gradient", "[ops]") {
  const Tensor a = tensor({1.0, not_a_number, 3.0, 2.0}), b = tensor({2.0, 1.0, not_a_number, 2.0});
  for (const auto& y : {maximum(a, b), minimum(a, b)}) {
    CHECK(std::isnan(y.at({1})));
    CHECK(std::isnan(y.at({2})));
    CHECK(y.at({3}) == 2);
  }
  const Inputs both{tensor({1.0, 2.0, 3.0}), tensor({3.0, 2.0, 1.0})};
  for (const bool larger : {true, false}) {
    Tensor u = both[0].detach().requires_grad(), v = both[1].detach().requires_grad();
    const std::vector<Tensor> found = grad({sum(larger ? maximum(u, v) : minimum(u, v))}, {u, v});
    CHECK(values(found[0]) == (larger ? Values{0, 0.5, 1} : Values{1, 0.5, 0}));
    CHECK(values(found[1]) == (larger ? Values{1, 0.5, 0} : Values{0, 0.5, 1}));
  }
}

TEST_CASE("pow: exponents 0, 1, 2, -1 and 0.5", "[ops]") {
  const Tensor x = tensor({0.0, 2.0, 4.0});
  CHECK(values(pow(x, 0)) == Values{1, 1, 1});
  CHECK(values(pow(x, 1)) == Values{0, 2, 4});
  CHECK(values(pow(x, 2)) == Values{0, 4, 16});
  CHECK(values(pow(x, -1)) == Values{infinity, 0.5, 0.25});
  CHECK(values(pow(x, 0.5)) == Values{0, std::sqrt(2.0), 2});
  const auto at = [&](double exponent) {
    return slope([exponent](const Inputs& in) { return pow(in[0], exponent); }, x);
  };
  CHECK(at(0) == Values{0, 0, 0});
  CHECK(at(1) == Values{1, 1, 1});
  CHECK(at(2) == Values{0, 4, 8});
  CHECK(at(-1) == Values{-infinity, -0.25, -0.0625});
  CHECK(at(0.5)[0] == infinity);
  CHECK(at(0.5)[2] == 0.25);
  CHECK(std::isnan(pow(tensor({-2.0}), 0.5).item()));
  CHECK(pow(tensor({-2.0}), 3).item() == -8);
}

TEST_CASE("pow: second derivatives at 0 are finite for whole exponents", "[ops]") {
  for (const double exponent : {0.0, 1.0, 2.0, 3.0}) {
    Tensor x = zeros({1}, DType::f64).requires_grad();
    const Tensor first = grad({sum(pow(x, exponent))}, {x}, {}, {.create_graph = true})[0];
    CHECK(grad({sum(first * 1.0 + x * 0.0)}, {x})[0].item() == (exponent == 2 ? 2 : 0));
  }
}

TEST_CASE("add, sub, mul: gradients", "[ops][gradient]") {
  check_elementwise([](const Inputs& x) { return x[0] + x[1]; }, 2);
  check_elementwise([](const Inputs& x) { return x[0] - x[1]; }, 2);
  check_elementwise([](const Inputs& x) { return x[0] * x[1]; }, 2);
}

TEST_CASE("div: gradients", "[ops][gradient]") {
  check_elementwise([](const Inputs& x) { return x[0] / x[1]; }, 2, {0.5, 2});
}

TEST_CASE("neg and plain numbers: gradients", "[ops][gradient]") {
  check_elementwise([](const Inputs& x) { return -x[0]; });
  check_elementwise([](const Inputs& x) { return (2.5 - x[0]) * 3.0 + 1.0; });
  check_elementwise([](const Inputs& x) { return 2.0 / x[0] + x[0] / 4.0; }, 1, {0.5, 2});
}

TEST_CASE("maximum and minimum: gradients", "[ops][gradient]") {
  check_elementwise([](const Inputs& x) { return maximum(x[0], x[1]); }, 2);
  check_elementwise([](const Inputs& x) { return minimum(x[0], x[1]); }, 2);
}

TEST_CASE("pow: gradients", "[ops][gradient]") {
  for (const double exponent : {0.0, 1.0, 2.0, 3.0, -1.0, 0.5, -1.5}) {
    INFO("exponent " << exponent);
    check_elementwise([exponent](const Inputs& x) { return pow(x[0], exponent); }, 1, {0.5, 2});
  }
}

TEST_CASE("arithmetic: gradients of broadcast operands have the operands' shapes", "[ops][gradient]") {
  const std::vector<std::vector<Shape>> pairs = {{{2, 3}, {3}}, {{3}, {2, 3}}, {{2, 1}, {1, 3}},
                                                 {{}, {2, 3}},  {{2, 3}, {}},  {{1, 1, 4}, {3, 2, 1}}};
  for (const std::vector<Shape>& shapes : pairs) {
    INFO(to_string(shapes[0]) << " and " << to_string(shapes[1]));
    const Inputs inputs = random_inputs(shapes, {0.5, 2});
    check_gradients([](const Inputs& x) { return x[0] + x[1]; }, inputs);
    check_gradients([](const Inputs& x) { return x[0] - x[1]; }, inputs);
    check_gradients([](const Inputs& x) { return x[0] * x[1]; }, inputs);
    check_gradients([](const Inputs& x) { return x[0] / x[1]; }, inputs);
    check_gradients([](const Inputs& x) { return maximum(x[0], x[1]); }, inputs);
    check_gradients([](const Inputs& x) { return minimum(x[0], x[1]); }, inputs);
  }
  check_empty([](const Inputs& x) { return x[0] * x[1]; }, {{0, 3}, {3}});
}

TEST_CASE("arithmetic: one tensor on both sides", "[ops][gradient]") {
  const Inputs x = random_inputs({{3}}, {0.5, 2});
  check_gradients([](const Inputs& in) { return in[0] * in[0]; }, x);
  check_gradients([](const Inputs& in) { return in[0] / in[0] + in[0]; }, x);
  check_gradients([](const Inputs& in) { return maximum(in[0], in[0]); }, x);
}

TEST_CASE("arithmetic: misuse is named", "[ops][misuse]") {
  const Tensor f = ones({2}), d = ones({2}, DType::f64), i = arange(2), b = tensor({true, false});
  CHECK_THROWS_WITH(f + d, "add: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(f - i, "sub: dtypes f32 and i64 differ; convert one with to()");
  CHECK_THROWS_WITH(f * d, "mul: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(f / d, "div: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(maximum(f, d), "maximum: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(minimum(f, d), "minimum: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(i / i, "div: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(b + b, "add: takes f32, f64 or i64, not bool");
  CHECK_THROWS_WITH(-b, "neg: takes f32, f64 or i64, not bool");
  CHECK_THROWS_WITH(pow(i, 2), "pow: takes f32 or f64, not i64");
  const std::string end = "do not broadcast: sizes 3 and 2 differ and neither is 1";
  CHECK_THROWS_WITH(ones({2, 3}) - ones({2}), "sub: shapes [2, 3] and [2] " + end);
  CHECK_THROWS_WITH(ones({2, 3}) * ones({2}), "mul: shapes [2, 3] and [2] " + end);
  CHECK_THROWS_WITH(ones({2, 3}) / ones({2}), "div: shapes [2, 3] and [2] " + end);
  CHECK_THROWS_WITH(maximum(ones({2, 3}), ones({2})), "maximum: shapes [2, 3] and [2] " + end);
  CHECK_THROWS_WITH(minimum(ones({2, 3}), ones({2})), "minimum: shapes [2, 3] and [2] " + end);
  CHECK_THROWS_WITH(i * 0.5, "mul: an i64 tensor takes whole numbers, not 0.5; convert it with to()");
  CHECK_THROWS_WITH(i / 2, "div: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(i + 1.25, "add: an i64 tensor takes whole numbers, not 1.25; convert it with to()");
  CHECK_THROWS_WITH(i + not_a_number,
                    "add: an i64 tensor takes whole numbers, not nan; convert it with to()");
  CHECK_THROWS_WITH(i * infinity, "mul: an i64 tensor takes whole numbers, not inf; convert it with to()");
  CHECK_THROWS_AS(f + d, DTypeError);
  CHECK_THROWS_AS(ones({2, 3}) - ones({2}), ShapeError);
}

// Reductions: sum, mean, max, min, var, logsumexp, argmax.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;
using Reduce = std::function<Tensor(const Tensor&, std::optional<Axes>, bool)>;

/// Every choice of axes of a tensor of rank 3, kept or not, in every layout; and the sizes 1 to 17.
void check_reduction(const Reduce& op, int64_t smallest = 1) {
  const std::vector<std::optional<Axes>> choices = {std::nullopt, Axes{0},    Axes{1},      Axes{-1},
                                                    Axes{0, 1},   Axes{0, 2}, Axes{-1, -2}, Axes{0, 1, 2}};
  for (const std::optional<Axes>& axes : choices) {
    for (const bool keep : {false, true}) {
      INFO((axes ? to_string(*axes) : "all axes") << (keep ? ", kept" : ""));
      check_layouts([&](const Inputs& x) { return op(x[0], axes, keep); }, {{2, 3, 4}});
    }
  }
  for (int64_t n = smallest; n <= 17; ++n) {
    INFO("size " << n);
    check_gradients([&](const Inputs& x) { return op(x[0], std::nullopt, false); }, random_inputs({{n}}));
    check_gradients([&](const Inputs& x) { return op(x[0], Axes{0}, false); }, random_inputs({{n, 2}}));
  }
  check_empty([&](const Inputs& x) { return op(x[0], Axes{1}, false); }, {{0, 3}});
}

}  // namespace

TEST_CASE("sum: values over any axes", "[ops]") {
  const Tensor x = arange(6, DType::f64).reshape({2, 3});
  CHECK(sum(x).shape() == Shape{});
  CHECK(sum(x).item() == 15);
  CHECK(values(sum(x, Axes{0})) == Values{3, 5, 7});
  CHECK(values(sum(x, Axes{-1})) == Values{3, 12});
  CHECK(sum(x, Axes{1}, true).shape() == Shape{2, 1});
  CHECK(sum(x, Axes{0, 1}, true).shape() == Shape{1, 1});
  CHECK(values(sum(x, Axes{})) == values(x));
  CHECK(sum(arange(5)).to_vector<int64_t>() == std::vector<int64_t>{10});
  CHECK(sum(scalar(3)).item() == 3);
  CHECK(values(sum(x.transpose(0, 1), Axes{0})) == Values{3, 12});
  CHECK(sum(scalar(2).expand({3, 4})).item() == 24);
}

TEST_CASE("sum, max and min of whole numbers, and a count of what is true", "[ops]") {
  const Tensor i = tensor({3, -5, 2, (1 << 30) + 1}, Shape{2, 2});
  const Tensor total = sum(i * i);
  CHECK(total.dtype() == DType::i64);
  CHECK(total.to_vector<int64_t>()[0] == 9 + 25 + 4 + (int64_t{1} << 60) + (int64_t{1} << 31) + 1);
  CHECK(max(i, Axes{1}).to_vector<int64_t>() == std::vector<int64_t>{3, (1 << 30) + 1});
  CHECK(min(i).item() == -5);
  const Tensor bits = tensor({true, false, true, true, false, false}, Shape{2, 3});
  CHECK(sum(bits).dtype() == DType::i64);
  CHECK(sum(bits).item() == 3);
  CHECK(sum(bits, Axes{1}, true).to_vector<int64_t>() == std::vector<int64_t>{2, 1});
  CHECK(sum(ones({300}, DType::boolean)).item() == 300);  // more than a byte holds
}

TEST_CASE("sum and mean: over no elements 0 and NaN", "[ops]") {
  CHECK(sum(zeros({0})).item() == 0);
  CHECK(values(sum(zeros({2, 0}), Axes{1})) == Values{0, 0});
  CHECK(sum(zeros({0, 2}), Axes{1}).shape() == Shape{0});
  CHECK(std::isnan(mean(zeros({0})).item()));
  CHECK(std::isnan(mean(zeros({2, 0}), Axes{1}).at({1})));
}

TEST_CASE("sum: a long f32 sum loses nothing on the way", "[ops]") {
  CHECK(sum(full({1 << 20}, 0.1)).item() == Approx((1 << 20) * double(0.1f)).epsilon(1e-7));
  CHECK(mean(full({3, 100000}, 1e-3), Axes{1}).at({2}) == Approx(1e-3).epsilon(2e-7));
}

TEST_CASE("mean and var: values", "[ops]") {
  const Tensor x = tensor({1.0, 2.0, 3.0, 6.0}, Shape{2, 2});
  CHECK(mean(x).item() == 3);
  CHECK(values(mean(x, Axes{0})) == Values{2, 4});
  CHECK(var(x).item() == Approx(14.0 / 3));
  CHECK(var(x, {}, false, 0).item() == Approx(3.5));
  CHECK(values(var(x, Axes{1}, false, 1)) == Values{0.5, 4.5});
  CHECK(var(x, Axes{1}, true, 0).shape() == Shape{2, 1});
  CHECK(std::isnan(var(ones({1})).item()));
  CHECK(std::isnan(var(zeros({0})).item()));
  CHECK(std::isnan(var(zeros({0}), {}, false, 0).item()));
  CHECK(var(ones({1}), {}, false, 0).item() == 0);
  // Far from 0 the two-pass formula keeps its digits.
  CHECK(var(tensor({1e8, 1e8 + 1, 1e8 + 2})).item() == 1);
}

TEST_CASE("a number divides, for a rounded reciprocal would be off", "[ops]") {
  for (int64_t n = 1; n <= 1000; ++n) {
    const Tensor x = ones({n});
    INFO(n);
    REQUIRE(mean(x).item() == 1);
    REQUIRE(var(x, {}, false, 0).item() == 0);
    REQUIRE((full({1}, static_cast<double>(n)) / static_cast<double>(n)).item() == 1);
    REQUIRE((static_cast<double>(n) / full({1}, static_cast<double>(n))).item() == 1);
  }
  CHECK_THROWS_WITH(2 / tensor<int64_t>({4, 2}), "div: takes f32 or f64, not i64");
}

TEST_CASE("max and min: values, NaN, infinities and whole numbers", "[ops]") {
  const Tensor x = tensor({3.0, -1.0, 2.0, 5.0, 0.0, -4.0}, Shape{2, 3});
  CHECK(max(x).item() == 5);
  CHECK(min(x).item() == -4);
  CHECK(values(max(x, Axes{0})) == Values{5, 0, 2});
  CHECK(values(min(x, Axes{1}, true)) == Values{-1, -4});
  CHECK(max(tensor({4, 9, -2})).to_vector<int64_t>() == std::vector<int64_t>{9});
  CHECK(min(tensor({4, 9, -2})).to_vector<int64_t>() == std::vector<int64_t>{-2});
  CHECK(max(tensor({-infinity, -infinity})).item() == -infinity);
  for (const Values& v :
       {Values{not_a_number, 1, 2}, Values{1, not_a_number, 2}, Values{1, 2, not_a_number}}) {
    CHECK(std::isnan(max(tensor(v)).item()));
    CHECK(std::isnan(min(tensor(v)).item()));
  }
  CHECK(max(zeros({0, 2}), Axes{1}).shape() == Shape{0});
}

TEST_CASE("max and min: ties share the gradient", "[ops]") {
  Tensor x = tensor({2.0, 5.0, 5.0, 1.0, 1.0, 1.0}, Shape{2, 3}).requires_grad();
  CHECK(values(grad({sum(max(x, Axes{1}))}, {x})[0]) == Values{0, 0.5, 0.5, 1. / 3, 1. / 3, 1. / 3});
  CHECK(values(grad({sum(min(x, Axes{0}))}, {x})[0]) == Values{0, 0, 0, 1, 1, 1});
  CHECK(values(grad({max(x)}, {x})[0]) == Values{0, 0.5, 0.5, 0, 0, 0});
}

TEST_CASE("logsumexp: does not overflow, and takes infinities", "[ops]") {
  const auto of = [](const Values& v) { return logsumexp(tensor(v)).item(); };
  CHECK(of({0, 0}) == Approx(std::log(2.0)));
  CHECK(of({1000, 1000}) == Approx(1000 + std::log(2.0)));
  CHECK(of({-1000, -1000}) == Approx(-1000 + std::log(2.0)));
  CHECK(of({-infinity, 3}) == 3);
  CHECK(of({-infinity, -infinity}) == -infinity);
  CHECK(of({infinity, 3}) == infinity);
  CHECK(std::isnan(of({not_a_number, 3})));
  CHECK(of({7}) == 7);
  CHECK(logsumexp(zeros({0})).item() == -infinity);
  const Tensor x = random_tensor({2, 3}, 4);
  CHECK(difference(logsumexp(x, Axes{0}), log(sum(exp(x), Axes{0}))) < 1e-14);
}

TEST_CASE("argmax: the first of equals, a NaN before all, any axis and stride", "[ops]") {
  const Tensor x = tensor({1.0, 7.0, 7.0, 9.0, 0.0, 9.0}, Shape{2, 3});
  const auto ints = [](const Tensor& y) { return y.to_vector<int64_t>(); };
  using Ints = std::vector<int64_t>;
  CHECK(argmax(x, 1).dtype() == DType::i64);
  CHECK(ints(argmax(x, 1)) == Ints{1, 0});
  CHECK(ints(argmax(x, 0)) == Ints{1, 0, 1});
  CHECK(ints(argmax(x.transpose(0, 1), 0)) == Ints{1, 0});
  CHECK(argmax(x, -1, true).shape() == Shape{2, 1});
  CHECK(ints(argmax(tensor({3, 8, 8}), 0)) == Ints{1});
  CHECK(ints(argmax(tensor({1.0, not_a_number, 9.0, not_a_number}), 0)) == Ints{1});
  CHECK(ints(argmax(tensor({not_a_number, 9.0}), 0)) == Ints{0});
  CHECK(ints(argmax(tensor({-infinity, -infinity}), 0)) == Ints{0});
  CHECK(argmax(zeros({0, 3}), 1).shape() == Shape{0});
  CHECK(!argmax(tensor({1.0}).requires_grad(), 0).needs_grad());
}

TEST_CASE("sum and mean: gradients", "[ops][gradient]") {
  check_reduction([](const Tensor& x, auto axes, bool keep) { return sum(x, axes, keep); });
  check_reduction([](const Tensor& x, auto axes, bool keep) { return mean(x, axes, keep); });
  check_empty([](const Inputs& x) { return sum(x[0]); }, {{0, 3}});
  check_empty([](const Inputs& x) { return sum(x[0], Axes{0}); }, {{0, 3}});
}

TEST_CASE("max and min: gradients", "[ops][gradient]") {
  check_reduction([](const Tensor& x, auto axes, bool keep) { return max(x, axes, keep); });
  check_reduction([](const Tensor& x, auto axes, bool keep) { return min(x, axes, keep); });
}

TEST_CASE("var: gradients", "[ops][gradient]") {
  check_reduction([](const Tensor& x, auto axes, bool keep) { return var(x, axes, keep, 0); });
  check_reduction([](const Tensor& x, auto axes, bool keep) { return var(x, axes, keep, 1); }, 2);
}

TEST_CASE("logsumexp: gradients", "[ops][gradient]") {
  check_reduction([](const Tensor& x, auto axes, bool keep) { return logsumexp(x, axes, keep); });
  Tensor x = tensor({1000.0, 1000.0, -infinity}).requires_grad();
  CHECK(values(grad({logsumexp(x)}, {x})[0]) == Values{0.5, 0.5, 0});
}

TEST_CASE("reductions: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3}), none = zeros({2, 0}), b = tensor({true}), i = arange(3);
  CHECK_THROWS_WITH(sum(x, Axes{2}), "sum: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(mean(x, Axes{-3}), "mean: a tensor of shape [2, 3] has no axis -3");
  CHECK_THROWS_WITH(max(x, Axes{2}), "max: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(min(x, Axes{2}), "min: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(var(x, Axes{2}), "var: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(logsumexp(x, Axes{2}), "logsumexp: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(argmax(x, 2), "argmax: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(sum(x, Axes{0, -2}), "sum: axis -2 is named twice in [0, -2]");
  CHECK_THROWS_WITH(max(none), "max: no elements to choose from in shape [2, 0]");
  CHECK_THROWS_WITH(min(none, Axes{1}), "min: no elements to choose from in shape [2, 0]");
  CHECK_THROWS_WITH(argmax(none, 1), "argmax: no elements to choose from in shape [2, 0]");
  CHECK_THROWS_WITH(mean(b), "mean: takes f32 or f64, not bool");
  CHECK_THROWS_WITH(max(b), "max: takes f32, f64 or i64, not bool");
  CHECK_THROWS_WITH(argmax(b, 0), "argmax: takes f32, f64 or i64, not bool");
  CHECK_THROWS_WITH(mean(i), "mean: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(var(i), "var: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(logsumexp(i), "logsumexp: takes f32 or f64, not i64");
}

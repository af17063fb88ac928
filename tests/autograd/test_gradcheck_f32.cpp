// How the checker judges f32: beside f64, in units of its rounding, and by how sensitive a function is.
#include <cmath>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "support/gradcheck_inputs.hpp"
#include "support/own_backward.hpp"

using namespace gradus;
using namespace gradus::test;

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

TEST_CASE("f32 errors count in units of eps32 sqrt(K) of the largest gradient", "[gradcheck]") {
  // 2 x for 16 elements, so sqrt(K) is 4; in f32 one gradient is too large by `units` such units.
  const auto off_by = [](double units) {
    return [units](const Inputs& in) {
      return with_backward(in[0], in[0] * 2.0, [units](const Tensor& dy) {
        Tensor dx = (dy * 2.0).clone();
        const double eps = dy.dtype() == DType::f32 ? std::exp2(-23) : 0;
        const double largest = max(abs(dx)).item();
        const Tensor at = equal(arange(16), scalar(9, DType::i64)).to(dy.dtype());
        return dx + at * (units * 4 * eps * largest);
      });
    };
  };
  const Tensor x = random({16}, 3);
  const GradcheckReport right = gradcheck(off_by(6), {x}, {.dtype = DType::f32});
  INFO(to_string(right));
  CHECK(right.passed);
  CHECK(right.inputs[1].error == Approx(6).epsilon(0.1));
  CHECK(right.inputs[1].index == Shape{9});
  // K is 16, so the unit is 4 eps32 of the largest gradient, and 8 of them are allowed.
  CHECK(right.inputs[1].in_eps32 == Approx(24).epsilon(0.1));
  CHECK(right.inputs[1].allowed_eps32 == Approx(32));
  CHECK(right.inputs[1].step == std::exp2(-22));
  const GradcheckReport wrong = gradcheck(off_by(10), {x}, {.dtype = DType::f32});
  CHECK(wrong.verdict == Verdict::fail);
  CHECK(wrong.inputs[1].error == Approx(10).epsilon(0.1));
}

TEST_CASE("f32 is judged by how sensitive the function is, but a jump excuses nothing", "[gradcheck]") {
  // Rows whose numbers differ by a ten-thousandth of themselves: LayerNorm amplifies the rounding of each.
  const auto norm = [](const Inputs& in) { return layer_norm(in[0], in[1], in[2], 1e-12); };
  const Inputs close = {10.0 + 1e-3 * random({3, 4}, 4), random({4}, 5), random({4}, 6)};
  const GradcheckReport right = gradcheck(norm, close, {.dtype = DType::f32});
  INFO(to_string(right));
  CHECK(right.passed);
  CHECK(right.inputs[1].estimate > 1e-5 * max(abs(close[1])).item());
  // The same rows by a formula that f32 cannot stand: the mean of squares less the square of the mean.
  const auto poor = [](const Inputs& in) {
    const Tensor mean_of_x = mean(in[0], Shape{-1}, true);
    return mean(in[0] * in[0], Shape{-1}, true) - mean_of_x * mean_of_x;
  };
  CHECK(gradcheck(poor, {close[0]}).passed);
  CHECK_FALSE(gradcheck(poor, {close[0]}, {.dtype = DType::f32}).passed);
  // Both elements of a row are its largest, so moved values change which of them gets the gradient.
  const auto largest_of_row = [](double factor) {
    return [factor](const Inputs& in) {
      return with_backward(in[0], max(in[0].detach(), Shape{-1}), [in, factor](const Tensor& dy) {
        const Tensor x = in[0].detach();
        const Tensor is_largest = equal(x, max(x, Shape{-1}, true)).to(x.dtype());
        const double by = x.dtype() == DType::f32 ? factor : 1;
        return is_largest / sum(is_largest, Shape{-1}, true) * dy.unsqueeze(-1) * by;
      });
    };
  };
  CHECK(gradcheck(largest_of_row(1), {ones({3, 2})}, {.dtype = DType::f32}).passed);
  CHECK_FALSE(gradcheck(largest_of_row(1.05), {ones({3, 2})}, {.dtype = DType::f32}).passed);
  // A function that takes no other values than these is judged without.
  const auto picky = [](const Inputs& in) {
    if (max(in[0]).item() != 1) throw Error("no");
    return in[0] * in[0];
  };
  CHECK(gradcheck(picky, {ones({3})}, {.dtype = DType::f32}).passed);
}

// softmax and log_softmax.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

Tensor matrix(const Values& values, int64_t rows) {
  return tensor(values, Shape{rows, static_cast<int64_t>(values.size()) / rows});
}

}  // namespace

TEST_CASE("softmax: values along any axis", "[ops]") {
  const double e = std::exp(1.0);
  const Tensor x = matrix({0, 1, 0, 0}, 2);
  CHECK(difference(softmax(x), matrix({1 / (1 + e), e / (1 + e), 0.5, 0.5}, 2)) < 1e-15);
  CHECK(difference(softmax(x, 0), matrix({0.5, e / (1 + e), 0.5, 1 / (1 + e)}, 2)) < 1e-15);
  CHECK(difference(softmax(x, -2), softmax(x, 0)) == 0);
  CHECK(difference(log_softmax(x), log(softmax(x))) < 1e-15);
  CHECK(difference(log_softmax(x, 0), log(softmax(x, 0))) < 1e-15);
  CHECK(softmax(ones({3, 1})).to_vector<float>() == std::vector<float>{1, 1, 1});
  CHECK(difference(softmax(x.transpose(0, 1)), softmax(x, 0).transpose(0, 1)) == 0);
}

TEST_CASE("softmax: large entries do not overflow", "[ops]") {
  CHECK(values(softmax(tensor({1e4, 1e4}))) == Values{0.5, 0.5});
  CHECK(values(softmax(tensor({-1e300, 0.0, -1e4}))) == Values{0, 1, 0});
  CHECK(values(log_softmax(tensor({1e4, 0.0}))) == Values{0, -1e4});
  CHECK(values(softmax(tensor({1e4, 1e4}).to(DType::f32))) == Values{0.5, 0.5});
}

TEST_CASE("softmax: -inf has probability 0, and a row of them is zeros", "[ops]") {
  const Tensor x = matrix({-infinity, 0, 0, -infinity, -infinity, -infinity}, 2);
  for (const Tensor& y : {softmax(x), composed::softmax(x)}) {
    CHECK(values(y) == Values{0, 0.5, 0.5, 0, 0, 0});
  }
  const double half = std::log(0.5);
  for (const Tensor& y : {log_softmax(x), composed::log_softmax(x)}) {
    CHECK(difference(y, matrix({-infinity, half, half, -infinity, -infinity, -infinity}, 2)) < 1e-15);
  }
}

TEST_CASE("softmax: rows of -inf have the gradient 0, fused and composed", "[ops]") {
  const Tensor x = matrix({-infinity, 1, 0.5, -infinity, -infinity, -infinity}, 2);
  const Op fused = [](const Inputs& in) { return softmax(in[0]); };
  const Op twin = [](const Inputs& in) { return composed::softmax(in[0]); };
  check_twins(fused, twin, {x});
  const Values dx = values(gradients_of(fused, {x})[0]);
  for (const size_t i : {0, 3, 4, 5}) CHECK(dx[i] == 0);
  CHECK(dx[1] == Approx(-dx[2]));
  check_twins([](const Inputs& in) { return log_softmax(in[0]); },
              [](const Inputs& in) { return composed::log_softmax(in[0]); }, {x});
}

TEST_CASE("softmax: a NaN makes its own row NaN", "[ops]") {
  const Tensor x = matrix({not_a_number, 0, 0, 0}, 2);
  for (const Tensor& y : {softmax(x), log_softmax(x), composed::softmax(x), composed::log_softmax(x)}) {
    CHECK(std::isnan(y.at({0, 0})));
    CHECK(std::isnan(y.at({0, 1})));
    CHECK(std::isfinite(y.at({1, 0})));
  }
}

TEST_CASE("softmax: an axis of size 0", "[ops]") {
  for (const auto& f : {softmax, log_softmax, composed::softmax, composed::log_softmax}) {
    CHECK(f(zeros({2, 0}), -1).shape() == Shape{2, 0});
    CHECK(f(zeros({0, 2}), -1).shape() == Shape{0, 2});
    CHECK(f(zeros({0, 2}), 0).shape() == Shape{0, 2});
  }
}

TEST_CASE("softmax: equals its twin, forward and gradients", "[ops][fused]") {
  for (const int64_t axis : {0, 1, 2, -1}) {
    const Op fused = [axis](const Inputs& x) { return softmax(x[0], axis); };
    const Op twin = [axis](const Inputs& x) { return composed::softmax(x[0], axis); };
    const Op log_fused = [axis](const Inputs& x) { return log_softmax(x[0], axis); };
    const Op log_twin = [axis](const Inputs& x) { return composed::log_softmax(x[0], axis); };
    for (const Shape& shape : {Shape{2, 3, 4}, Shape{5, 17, 33}, Shape{1, 1, 1}}) {
      const Tensor x = random_tensor(shape, 3, {-4, 4});
      check_twins(fused, twin, {x});
      check_twins(fused, twin, {x.permute({2, 0, 1})});
      check_twins(log_fused, log_twin, {x});
      check_twins(log_fused, log_twin, {x.permute({2, 0, 1})});
    }
  }
}

TEST_CASE("softmax: gradients", "[ops][gradient]") {
  for (const int64_t axis : {0, 1, -1}) {
    check_layouts([axis](const Inputs& x) { return softmax(x[0], axis); }, {{2, 3, 4}});
    check_layouts([axis](const Inputs& x) { return softmax(x[0] * x[0], axis); }, {{2, 3, 4}});
  }
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([](const Inputs& x) { return softmax(x[0]); }, random_inputs({{2, n}}));
  }
  check_empty([](const Inputs& x) { return softmax(x[0]); }, {{2, 0}});
  check_empty([](const Inputs& x) { return softmax(x[0]); }, {{0, 2}});
}

TEST_CASE("log_softmax: gradients", "[ops][gradient]") {
  for (const int64_t axis : {0, 1, -1}) {
    check_layouts([axis](const Inputs& x) { return log_softmax(x[0], axis); }, {{2, 3, 4}});
    check_layouts([axis](const Inputs& x) { return log_softmax(x[0] * x[0], axis); }, {{2, 3, 4}});
  }
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([](const Inputs& x) { return log_softmax(x[0]); }, random_inputs({{2, n}}));
  }
  check_empty([](const Inputs& x) { return log_softmax(x[0]); }, {{2, 0}});
}

TEST_CASE("softmax: misuse is named", "[ops][misuse]") {
  CHECK_THROWS_WITH(softmax(scalar(1)), "softmax: a scalar has no axis to normalise over");
  CHECK_THROWS_WITH(log_softmax(scalar(1)), "log_softmax: a scalar has no axis to normalise over");
  CHECK_THROWS_WITH(softmax(zeros({2}), 1), "softmax: a tensor of shape [2] has no axis 1");
  CHECK_THROWS_WITH(log_softmax(zeros({2}), -2), "log_softmax: a tensor of shape [2] has no axis -2");
  CHECK_THROWS_WITH(softmax(arange(2)), "softmax: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(log_softmax(arange(2)), "log_softmax: takes f32 or f64, not i64");
}

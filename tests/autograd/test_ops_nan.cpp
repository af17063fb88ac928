// NaN and infinities: no op and no gradient turns what is no number into one.
#include <cmath>

#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

bool all_nan(const Tensor& x) {
  const Values v = values(x);
  return std::all_of(v.begin(), v.end(), [](double element) { return std::isnan(element); });
}

/// The gradients of op at these inputs, in f32 and f64, plain and recorded.
template <class Check>
void for_all_gradients(const Op& op, const Inputs& inputs, Check check) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    Inputs typed;
    for (const Tensor& x : inputs) typed.push_back(x.to(dtype));
    for (const bool create_graph : {false, true}) {
      CAPTURE(name(dtype), create_graph);
      check(gradients_of(op, typed, create_graph));
    }
  }
}

}  // namespace

TEST_CASE("NaN: maximum and minimum pass it on to both gradients", "[ops][nan]") {
  const Tensor a = tensor({1.0, not_a_number, not_a_number}), b = tensor({not_a_number, 1.0, not_a_number});
  using Pair = Tensor (*)(const Tensor&, const Tensor&);
  for (const Pair f : {Pair(maximum), Pair(minimum)}) {
    CHECK(all_nan(f(a, b)));
    for_all_gradients([f](const Inputs& in) { return f(in[0], in[1]); }, {a, b},
                      [](const Inputs& found) {
                        CHECK(all_nan(found[0]));
                        CHECK(all_nan(found[1]));
                      });
  }
}

TEST_CASE("NaN: functions with corners have the slope NaN there", "[ops][nan]") {
  const Tensor x = tensor({not_a_number, 1.0, -1.0, infinity, -infinity});
  const auto check = [&](const Op& op, const Values& slopes) {
    for_all_gradients(op, {x}, [&](const Inputs& found) {
      const Values dx = values(found[0]);
      const Values dy = values(gradients_of([](const Inputs& in) { return in[0] * 1.0; }, {x})[0]);
      CHECK(std::isnan(dx[0]));
      for (size_t i = 1; i < dx.size(); ++i) CHECK(dx[i] == Approx(dy[i] * slopes[i]));
    });
  };
  check([](const Inputs& in) { return relu(in[0]); }, {0, 1, 0, 1, 0});
  check([](const Inputs& in) { return bias_activation(in[0], {}, Activation::relu); }, {0, 1, 0, 1, 0});
  check([](const Inputs& in) { return abs(in[0]); }, {0, 1, -1, 1, -1});
  check([](const Inputs& in) { return clamp(in[0], -2, 2); }, {0, 1, 1, 0, 0});
}

TEST_CASE("NaN: every fused activation passes it on, with and without a bias", "[ops][nan]") {
  const Tensor x = tensor({not_a_number, 1.0}, Shape{2, 1}), bias = tensor({0.5});
  for (const Activation kind :
       {Activation::relu, Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::sigmoid}) {
    CAPTURE(static_cast<int>(kind));
    const Op op = [kind](const Inputs& in) {
      return bias_activation(in[0], in.size() > 1 ? in[1] : Tensor(), kind);
    };
    for (const Inputs& inputs : {Inputs{x}, Inputs{x, bias}}) {
      CHECK(std::isnan(op(inputs).at({0, 0})));
      for_all_gradients(op, inputs, [](const Inputs& found) {
        CHECK(std::isnan(found[0].at({0, 0})));
        CHECK(std::isfinite(found[0].at({1, 0})));
        if (found.size() > 1) CHECK(std::isnan(found[1].item()));
      });
    }
  }
}

TEST_CASE("NaN: max and min over a row that holds one have NaN gradients", "[ops][nan]") {
  const Tensor x = tensor({1.0, not_a_number, 2.0, 3.0}, Shape{2, 2});
  for (const auto& f : {max, min}) {
    for_all_gradients([f](const Inputs& in) { return f(in[0], Axes{1}, false); }, {x},
                      [](const Inputs& found) {
                        CHECK(all_nan(found[0].select(0, 0)));
                        CHECK(std::isfinite(sum(found[0].select(0, 1)).item()));
                      });
  }
}

TEST_CASE("NaN: pow of negative bases is a number for whole exponents only", "[ops][nan]") {
  for (const DType dtype : {DType::f64, DType::f32}) {
    const auto power = [&](double base, double exponent) {
      return pow(full({}, base, dtype), exponent).item();
    };
    for (const double base : {-infinity, -2.0, -1.0, -1e-30}) {
      for (const double exponent : {0.5, -0.5, 1.5, -2.5, 1e-9, 2.0000001, not_a_number}) {
        CAPTURE(base, exponent);
        CHECK(std::isnan(power(base, exponent)));
        const Op op = [exponent](const Inputs& in) { return pow(in[0], exponent); };
        CHECK(all_nan(gradients_of(op, {full({1}, base, dtype)})[0]));
      }
    }
    CHECK(power(-infinity, 2) == infinity);
    CHECK(power(-infinity, 3) == -infinity);
    CHECK(power(-infinity, -1) == 0);
    CHECK(power(-infinity, 0) == 1);
    CHECK(power(-2, 3) == -8);
    CHECK(power(-1, 16777217) == -1);  // odd, and not a float
    CHECK(power(-2, infinity) == infinity);
    CHECK(power(-0.0, 0.5) == 0);
    CHECK(power(not_a_number, 0) == 1);
  }
}

TEST_CASE("NaN: rows of -inf in log_softmax and cross_entropy, fused and composed", "[ops][nan]") {
  const Tensor none = full({1, 3}, -infinity, DType::f64);
  for (const auto& f : {log_softmax, composed::log_softmax})
    CHECK(values(f(none, -1)) == Values(3, -infinity));
  const Tensor target = tensor({1});
  for (const auto& f : {cross_entropy, composed::cross_entropy}) {
    CHECK(f(none, target, {}).item() == infinity);
    CHECK(f(none, target, {.label_smoothing = 0.1}).item() == infinity);
    for_all_gradients([f, target](const Inputs& in) { return f(in[0], target, {}); }, {none},
                      [](const Inputs& found) {
                        const Values dx = values(found[0]);
                        CHECK((dx[0] == 0 && dx[2] == 0));
                        CHECK((std::isfinite(dx[1]) && dx[1] != 0));  // p - 1 = -1, as p is 0
                      });
  }
}

TEST_CASE("cross_entropy: beside large logits no digits are lost", "[ops][nan]") {
  // A shift of a row changes nothing; 2^13 + 1/4 is exact in f32.
  const Tensor x = tensor({0.25f, 1.5f, -2.0f, 0.0f}, Shape{1, 4}), shifted = x + 8192.0;
  const Op loss = [](const Inputs& in) {
    return cross_entropy(in[0], tensor({0}), {.label_smoothing = 0.1});
  };
  CHECK(difference(loss({shifted}), loss({x})) < 2e-7);
  CHECK(difference(gradients_of(loss, {shifted})[0], gradients_of(loss, {x})[0]) < 2e-7);
}

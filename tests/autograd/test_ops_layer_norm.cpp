// layer_norm, and residual_layer_norm, the ending of BERT's sub-layers.
#include <cmath>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr double eps = 1e-12;

Tensor fused_norm(const Inputs& x) { return layer_norm(x[0], x[1], x[2], eps); }
Tensor composed_norm(const Inputs& x) { return composed::layer_norm(x[0], x[1], x[2], eps); }

/// Inputs x, residual, weight, offset and, if wanted, bias.
Inputs residual_inputs(const Shape& shape, bool with_bias) {
  const Shape vector{shape.back()};
  Inputs inputs = random_inputs({shape, shape, vector, vector});
  if (with_bias) inputs.push_back(random_tensor(vector, 9));
  return inputs;
}

Op fused_residual(double p, uint64_t seed = 77) {
  return [=](const Inputs& x) {
    return residual_layer_norm(x[0], x.size() > 4 ? x[4] : Tensor(), x[1], x[2], x[3], 1e-5, p, seed);
  };
}

Op composed_residual(double p, uint64_t seed = 77) {
  return [=](const Inputs& x) {
    return composed::residual_layer_norm(x[0], x.size() > 4 ? x[4] : Tensor(), x[1], x[2], x[3], 1e-5, p,
                                         seed);
  };
}

}  // namespace

TEST_CASE("layer_norm: values by hand", "[ops]") {
  const Tensor x = tensor({1.0, 3.0, -2.0, 2.0}, Shape{2, 2});
  const Tensor one = ones({2}, DType::f64), none = zeros({2}, DType::f64);
  CHECK(difference(layer_norm(x, one, none, 0), tensor({-1.0, 1.0, -1.0, 1.0}, Shape{2, 2})) < 1e-15);
  CHECK(difference(layer_norm(x, one * 3, none + 0.5, 0), tensor({-2.5, 3.5, -2.5, 3.5}, Shape{2, 2})) <
        1e-15);
  // eps stands inside the root: variance 1 and eps 3 divide by 2.
  CHECK(difference(layer_norm(x.slice(0, 0, 1), one, none, 3), tensor({-0.5, 0.5}, Shape{1, 2})) < 1e-15);
  CHECK(values(layer_norm(full({1, 3}, 7), ones({3}), full({3}, 2), 1e-5)) == std::vector<double>{2, 2, 2});
  CHECK(values(layer_norm(full({2, 1}, 7), ones({1}), full({1}, 2), 1e-5)) == std::vector<double>{2, 2});
  CHECK(layer_norm(ones({0, 3}), ones({3}), ones({3}), eps).shape() == Shape{0, 3});
  CHECK(layer_norm(ones({2, 0}), ones({0}), ones({0}), eps).shape() == Shape{2, 0});
}

TEST_CASE("layer_norm: each row has mean 0 and variance 1", "[ops]") {
  const Tensor x = random_tensor({5, 40}, 1, {90, 110});
  const Tensor y = layer_norm(x, ones({40}, DType::f64), zeros({40}, DType::f64), 0);
  CHECK(difference(mean(y, Axes{1}), zeros({5}, DType::f64)) < 1e-13);
  CHECK(difference(var(y, Axes{1}, false, 0), ones({5}, DType::f64)) < 1e-13);
}

TEST_CASE("layer_norm: a row of equal numbers of any size and length gives its bias, exactly", "[ops]") {
  for (const double value : {3.3, -123.456, 1e6, 1e-3}) {
    for (int64_t n = 1; n <= 200; ++n) {
      const Tensor x = full({2, n}, value), one = ones({n}), zero = zeros({n});
      INFO(value << " in a row of " << n);
      REQUIRE(max(abs(layer_norm(x, one, zero, eps))).item() == 0);
      REQUIRE(max(abs(residual_layer_norm(x, {}, x, one, zero, eps, 0, 1))).item() == 0);
    }
  }
}

TEST_CASE("layer_norm: without weight or bias", "[ops]") {
  const Tensor x = random_tensor({3, 5}, 31), weight = random_tensor({5}, 32), bias = random_tensor({5}, 33);
  const Tensor one = ones({5}, DType::f64), none = zeros({5}, DType::f64);
  CHECK(values(layer_norm(x, {}, {}, 1e-5)) == values(layer_norm(x, one, none, 1e-5)));
  CHECK(values(layer_norm(x, weight, {}, 1e-5)) == values(layer_norm(x, weight, none, 1e-5)));
  CHECK(values(layer_norm(x, {}, bias, 1e-5)) == values(layer_norm(x, one, bias, 1e-5)));
  check_twins([](const Inputs& in) { return layer_norm(in[0], {}, {}, 1e-5); },
              [](const Inputs& in) { return composed::layer_norm(in[0], {}, {}, 1e-5); }, {x});
  check_twins([](const Inputs& in) { return layer_norm(in[0], in[1], {}, 1e-5); },
              [](const Inputs& in) { return composed::layer_norm(in[0], in[1], {}, 1e-5); }, {x, weight});
}

TEST_CASE("layer_norm: equals its twin, forward and gradients", "[ops][fused]") {
  check_twins(fused_norm, composed_norm, random_inputs({{4}, {4}, {4}}));
  check_twins(fused_norm, composed_norm, random_inputs({{2, 3, 8}, {8}, {8}}));
  check_twins(fused_norm, composed_norm, random_inputs({{70, 33}, {33}, {33}}), 1e-12, 2e-5);
  Inputs views = random_inputs({{6, 3, 2}, {12}, {6, 1}});
  views = {views[0].permute({2, 1, 0}), views[1].slice(0, 0, 12, 2), views[2].squeeze(1)};
  check_twins(fused_norm, composed_norm, views);
}

TEST_CASE("layer_norm: gradients", "[ops][gradient]") {
  check_layouts(fused_norm, {{2, 3, 4}, {4}, {4}});
  for (int64_t n = 3; n <= 17; ++n) check_gradients(fused_norm, random_inputs({{2, n}, {n}, {n}}));
  // One number becomes 0 and two become -1 and 1, but for eps.
  for (int64_t n = 1; n <= 2; ++n) {
    check_gradients([](const Inputs& x) { return layer_norm(x[0], x[1], x[2], 0.1); },
                    random_inputs({{3, n}, {n}, {n}}));
  }
  check_empty(fused_norm, {{0, 3}, {3}, {3}});
  check_empty(fused_norm, {{2, 0}, {0}, {0}});
}

TEST_CASE("residual_layer_norm: equals its twin with and without bias and dropout", "[ops][fused]") {
  for (const bool with_bias : {false, true}) {
    for (const double p : {0.0, 0.1, 0.5}) {
      INFO((with_bias ? "bias, p = " : "no bias, p = ") << p);
      check_twins(fused_residual(p), composed_residual(p), residual_inputs({3, 5, 8}, with_bias));
      check_twins(fused_residual(p), composed_residual(p), residual_inputs({65, 17}, with_bias), 1e-12, 2e-5);
      check_twins(fused_residual(p), composed_residual(p), residual_inputs({6}, with_bias));
    }
  }
}

TEST_CASE("residual_layer_norm: dropping everything leaves the residual", "[ops]") {
  const Inputs x = residual_inputs({3, 4}, true);
  CHECK(difference(fused_residual(1)(x), layer_norm(x[1], x[2], x[3], 1e-5)) < 1e-15);
  check_twins(fused_residual(1), composed_residual(1), x);
}

TEST_CASE("residual_layer_norm: operands may be views", "[ops][fused]") {
  Inputs x = residual_inputs({4, 6}, true);
  x[0] = random_tensor({6, 4}, 21).transpose(0, 1);
  x[1] = random_tensor({6}, 22).expand({4, 6});
  check_twins(fused_residual(0.1), composed_residual(0.1), x);
}

TEST_CASE("residual_layer_norm: gradients", "[ops][gradient]") {
  for (const double p : {0.0, 0.3}) {
    check_layouts(fused_residual(p), {{2, 3, 4}, {2, 3, 4}, {4}, {4}, {4}});
    check_layouts(fused_residual(p), {{3, 4}, {3, 4}, {4}, {4}});
    for (int64_t n = 2; n <= 17; n += 3) check_gradients(fused_residual(p), residual_inputs({2, n}, true));
  }
  check_empty(fused_residual(0.3), {{0, 3}, {0, 3}, {3}, {3}, {3}});
  // The residual and the input are the same tensor.
  check_gradients(
      [](const Inputs& x) { return residual_layer_norm(x[0], {}, x[0], x[1], x[2], eps, 0.3, 5); },
      random_inputs({{2, 4}, {4}, {4}}));
  check_gradients([](const Inputs& x) { return residual_layer_norm(x[0], {}, x[0], x[1], x[2], eps, 0, 5); },
                  random_inputs({{2, 4}, {4}, {4}}));
}

TEST_CASE("layer_norm: rows of large numbers, plain and recorded", "[ops][fused]") {
  // In f32 squares overflow from 1e19 on, and cubes of 1 / deviation underflow from 1e13 on. The gradient is
  // tiny there, so it is compared in units of its largest element.
  const auto error = [](const Tensor& got, const Tensor& want) {
    return max(abs(got.to(DType::f64) - want)).item() / max(abs(want)).item();
  };
  const Inputs inputs = random_inputs({{5, 24}, {24}, {24}}, {}, DType::f32);
  for (const double size : {1e9, 1e10, 1e13, 1e14, 1e15, 1e17, 1e19, 1e20, 1e25, 1e30}) {
    const Inputs single{inputs[0] * size, inputs[1], inputs[2]};
    const Inputs exact{single[0].to(DType::f64), inputs[1].to(DType::f64), inputs[2].to(DType::f64)};
    CAPTURE(size);
    for (const Op& op : {Op(fused_norm), Op(composed_norm)}) {
      CHECK(error(op(single), composed_norm(exact)) < 2e-6);
      const Inputs want = gradients_of(composed_norm, exact);
      for (const bool create_graph : {false, true}) {
        CAPTURE(create_graph);
        const Inputs found = gradients_of(op, single, create_graph);
        for (size_t i = 0; i < 3; ++i) CHECK(error(found[i], want[i]) < 5e-6);
      }
    }
    const Inputs pair{single[0], single[0] * 0.5, single[1], single[2]};
    const Inputs plain = gradients_of(fused_residual(0.3), pair),
                 recorded = gradients_of(fused_residual(0.3), pair, true);
    for (size_t i = 0; i < 4; ++i) CHECK(error(recorded[i], plain[i].to(DType::f64)) < 5e-6);
  }
}

TEST_CASE("layer_norm: second derivatives of rows of large numbers", "[ops][gradient]") {
  const Inputs inputs = random_inputs({{3, 5}, {5}, {5}});
  const auto second = [&](const Op& op, bool scaled) {
    // y of (c x) has the derivatives of y of x over c and c^2; eps is nothing beside either.
    Tensor x = (inputs[0] * (scaled ? 1e12 : 1.0)).requires_grad();
    const Tensor y = op({x, inputs[1], inputs[2]});
    const Tensor dx = grad({sum(y * inputs[0])}, {x}, {}, {.create_graph = true})[0];
    return grad({sum(dx * dx)}, {x})[0];
  };
  for (const Op& op : {Op(fused_norm), Op(composed_norm)}) {
    CHECK(difference(second(op, true) * 1e36, second(op, false)) < 1e-9);
  }
}

TEST_CASE("layer_norm: a row of one number has the gradient 0, exactly", "[ops]") {
  for (const DType dtype : {DType::f32, DType::f64}) {
    const Inputs inputs = random_inputs({{40, 1}, {1}, {1}}, {}, dtype);
    for (const bool create_graph : {false, true}) {
      CAPTURE(name(dtype), create_graph);
      for (const Op& op : {Op(fused_norm), Op(composed_norm)}) {
        const Inputs found = gradients_of(op, inputs, create_graph);
        CHECK(max(abs(found[0])).item() == 0);
        CHECK(found[1].item() == 0);
        CHECK(found[2].item() != 0);
      }
      const Inputs found = gradients_of(
          fused_residual(0), {inputs[0], inputs[0] * 3.0, inputs[1], inputs[2], inputs[1]}, create_graph);
      for (const size_t i : {0, 1, 2, 4}) CHECK(max(abs(found[i])).item() == 0);
    }
  }
  const Inputs bad{tensor({not_a_number, 1.0, infinity}, Shape{3, 1}), tensor({1.0}), tensor({0.0})};
  const Inputs found = gradients_of(fused_norm, bad);
  CHECK(std::isnan(found[0].at({0, 0})));
  CHECK(found[0].at({1, 0}) == 0);
  CHECK(std::isnan(found[0].at({2, 0})));
}

TEST_CASE("layer_norm: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3}), v = zeros({3}), w = zeros({2}), d = zeros({3}, DType::f64);
  CHECK_THROWS_WITH(layer_norm(x, w, v, eps), "layer_norm: weight [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(layer_norm(x, v, w, eps), "layer_norm: bias [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(layer_norm(x, d, v, eps), "layer_norm: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(layer_norm(scalar(1), v, v, eps), "layer_norm: a scalar has no last axis");
  CHECK_THROWS_WITH(layer_norm(arange(3), v, v, eps), "layer_norm: takes f32 or f64, not i64");
}

TEST_CASE("residual_layer_norm: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3}), v = zeros({3}), w = zeros({2});
  const auto call = [&](const Tensor& in, const Tensor& bias, const Tensor& residual, const Tensor& weight,
                        const Tensor& offset, double p) {
    return residual_layer_norm(in, bias, residual, weight, offset, eps, p, 1);
  };
  const std::string op = "residual_layer_norm: ";
  CHECK_THROWS_WITH(call(x, w, x, v, v, 0), op + "bias [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(call(x, v, x, w, v, 0), op + "weight [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(call(x, v, x, v, w, 0), op + "offset [2] for x [2, 3]: it must be [3]");
  CHECK_THROWS_WITH(call(x, v, v, v, v, 0), op + "x [2, 3] and residual [3] differ in shape");
  CHECK_THROWS_WITH(call(x, v, x, v, v, 1.5), op + "the dropout probability 1.5 is outside [0, 1]");
  CHECK_THROWS_WITH(call(x, v, zeros({2, 3}, DType::f64), v, v, 0),
                    op + "dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(call(scalar(1), {}, scalar(1), v, v, 0), op + "a scalar has no last axis");
  CHECK_THROWS_WITH(call(arange(3), {}, arange(3), v, v, 0), op + "takes f32 or f64, not i64");
}

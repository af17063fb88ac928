// layer_norm, and residual_layer_norm, the ending of BERT's sub-layers.
#include <cmath>

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
  for (int64_t n = 2; n <= 17; ++n) check_gradients(fused_norm, random_inputs({{2, n}, {n}, {n}}));
  check_gradients([](const Inputs& x) { return layer_norm(x[0], x[1], x[2], 0.1); },
                  random_inputs({{3, 1}, {1}, {1}}));
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

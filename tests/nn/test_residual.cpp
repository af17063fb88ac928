// The residual sub-layer: its two formulas, the fused form beside the plain one, gradients, misuse.
#include "nn/transformer/feed_forward.hpp"
#include "nn/transformer/residual.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("post-norm is LN(x + f(x)), pre-norm x + f(LN(x))", "[residual]") {
  const Tensor x = random_normal({2, 3, 4}, 1);
  const auto f = [](const Tensor& in) { return tanh(in) * 2; };
  const Residual post(4, {.dropout = 0}), pre(4, {.dropout = 0, .pre_norm = true});
  post.to(DType::f64);
  pre.to(DType::f64);
  CHECK(worst_difference(post(x, f), post.norm(x + tanh(x) * 2)) < 1e-14);
  CHECK(worst_difference(pre(x, f), x + tanh(pre.norm(x)) * 2) < 1e-14);
  CHECK(post.named_parameters().front().first == "LayerNorm.weight");
}

TEST_CASE("a sub-layer that ends in a linear map: fused and plain agree, and gradients are right",
          "[residual]") {
  for (const bool pre_norm : {false, true}) {
    Rng rng(2);
    const Residual residual(4, {.dropout = 0.3, .layer_norm_eps = 1e-5, .pre_norm = pre_norm});
    const FeedForward net(4, 6, rng, {.init = init::normal(0.5)});
    const auto whole = [&](const Tensor& in) { return net(in); };
    const auto before = [&](const Tensor& in) { return net.expanded(in); };
    const Tensor x = random_normal({2, 3, 4}, 3);
    net.to(DType::f64);
    check_gradients(residual, [&](const auto& in) { return residual(in[0], whole); }, {x});
    check_gradients(residual, [&](const auto& in) { return residual(in[0], before, net.second); }, {x});
    check_gradients(net, [&](const auto& in) { return residual(in[0], before, net.second); }, {x});
    manual_seed(4);
    const Tensor plain = residual(x, whole);
    manual_seed(4);
    CHECK(worst_difference(residual(x, before, net.second), plain) < 1e-13);
    manual_seed(4);
    const ComposedOps composed;
    CHECK(worst_difference(residual(x, before, net.second), plain) < 1e-13);
  }
}

TEST_CASE("a residual sub-layer refuses an f that changes the shape", "[residual]") {
  Rng rng(1);
  for (const bool pre_norm : {false, true}) {
    const Residual residual(4, {.pre_norm = pre_norm});
    const Linear narrow(4, 1, rng);
    const Tensor x = ones({2, 3, 4});
    const char* message = "residual: x [2, 3, 4] and f(x) [2, 3, 1] must have the same shape";
    CHECK_THROWS_WITH(residual(x, [&](const Tensor& in) { return narrow(in); }), message);
    CHECK_THROWS_WITH(residual(
                          x, [](const Tensor& in) { return in; }, narrow),
                      message);
  }
}

TEST_CASE("a residual sub-layer runs f outside its own scope", "[residual]") {
  for (const bool pre_norm : {false, true}) {
    const Residual residual(4, {.pre_norm = pre_norm});
    const ModuleScope scope("layer");
    std::string path;
    residual(ones({2, 4}), [&](const Tensor& in) {
      path = module_path();
      return in;
    });
    CHECK(path == "layer");
  }
}

// The feed-forward network of every kind: formula, fused beside composed, gradients, names, widths.
#include "nn/transformer/feed_forward.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("feed-forward, fused and composed, agree for every kind", "[feed_forward]") {
  using Kind = FeedForwardKind;
  for (const Kind& kind : {Kind::relu, Kind::gelu, Kind::gelu_tanh, Kind::silu, Kind::glu, Kind::bilinear,
                           Kind::reglu, Kind::geglu, Kind::swiglu}) {
    Rng rng(14);
    const FeedForward layer(4, 6, rng, {.kind = kind, .init = init::normal(0.5)});
    layer.to(DType::f64);
    {
      const NoGrad guard;
      Rng other(16);
      for (Tensor parameter : layer.parameters())
        parameter.add_(randn(parameter.shape(), other, DType::f64), 0.3);
    }
    const Tensor x = random_normal({2, 3, 4}, 15);
    check_gradients(layer, [&](const auto& in) { return layer(in[0]); }, {x});
    const Tensor fused = layer(x);
    const ComposedOps composed;
    check_gradients(layer, [&](const auto& in) { return layer(in[0]); }, {x});
    CHECK(worst_difference(fused, layer(x)) < 1e-13);
  }
}

TEST_CASE("the gated kinds are what their papers say", "[feed_forward]") {
  const auto gated = [](const FeedForwardKind& kind, const std::function<Tensor(const Tensor&)>& act) {
    Rng rng(14);
    const FeedForward layer(4, 6, rng, {.kind = kind});
    layer.to(DType::f64);
    const Tensor x = random_normal({2, 3, 4}, 15);
    const Tensor expected = layer.second(act((*layer.gate)(x)) * layer.first(x));
    return worst_difference(layer(x), expected);
  };
  CHECK(gated(FeedForwardKind::glu, [](const Tensor& z) { return sigmoid(z); }) < 1e-14);
  CHECK(gated(FeedForwardKind::bilinear, [](const Tensor& z) { return z; }) < 1e-14);
  CHECK(gated(FeedForwardKind::reglu, [](const Tensor& z) { return relu(z); }) < 1e-14);
  CHECK(gated(FeedForwardKind::geglu, [](const Tensor& z) { return gelu(z); }) < 1e-14);
  CHECK(gated(FeedForwardKind::swiglu, [](const Tensor& z) { return z * sigmoid(z); }) < 1e-14);
  Rng rng(1);
  const FeedForward layer(4, 6, rng, {.kind = FeedForwardKind::swiglu});
  std::vector<std::string> names;
  for (const auto& [name, parameter] : layer.named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"intermediate.dense.weight", "intermediate.dense.bias",
                                          "intermediate.gate.weight", "intermediate.gate.bias",
                                          "output.dense.weight", "output.dense.bias"});
  CHECK_FALSE(FeedForward(4, 6, rng).gate.has_value());
}

TEST_CASE("feed-forward kinds have names", "[feed_forward]") {
  CHECK(activation_by_name("gelu_new") == Activation::gelu_tanh);
  CHECK(activation_by_name("gelu") == Activation::gelu);
  CHECK(activation_by_name("relu") == Activation::relu);
  CHECK(activation_by_name("swish") == Activation::silu);
  CHECK_THROWS_WITH(
      activation_by_name("mish"),
      "unknown activation \"mish\": gelu, gelu_new, relu and silu exist, and Hugging Face's other "
      "names for them");
  CHECK(feed_forward_by_name("gelu") == FeedForwardKind::gelu);
  CHECK(feed_forward_by_name("glu") == FeedForwardKind::glu);
  CHECK(feed_forward_by_name("swiglu") == FeedForwardKind::swiglu);
  CHECK_FALSE(feed_forward_by_name("swiglu") == FeedForwardKind::silu);
  CHECK_THROWS_WITH(
      feed_forward_by_name("mish"),
      "unknown feed-forward \"mish\": glu, bilinear, reglu, geglu and swiglu exist; gelu, gelu_new, "
      "relu and silu exist, and Hugging Face's other names for them");
}

TEST_CASE("a gated network of gated_width has as many weights as the plain one", "[feed_forward]") {
  CHECK(gated_width(3072) == 2048);
  CHECK(gated_width(512) == 341);
  CHECK(gated_width(512, 8) == 344);
  CHECK(gated_width(511) == 341);  // 340.67
  CHECK(gated_width(1, 64) == 64);
  Rng rng(1);
  const auto matrices = [](const FeedForward& net) {
    int64_t count = 0;
    for (const Tensor& parameter : net.parameters()) count += parameter.rank() == 2 ? parameter.numel() : 0;
    return count;
  };
  CHECK(matrices(FeedForward(8, gated_width(48), rng, {.kind = FeedForwardKind::geglu})) ==
        matrices(FeedForward(8, 48, rng)));
  CHECK_THROWS_WITH(gated_width(0), "gated_width: the width 0 and the multiple 1 must be positive");
}

// Attention as PyTorch computes it: outputs, probabilities and every gradient.
#include <functional>

#include "nn/multi_head.hpp"
#include "nn/safetensors.hpp"
#include "nn/single_head.hpp"
#include "support/attention_kinds.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

/// One case of attention_layers.safetensors.
class Case {
 public:
  explicit Case(const std::string& name) {
    static const StateDict all = read_safetensors(GRADUS_FIXTURES "/nn/attention_layers.safetensors");
    for (auto i = all.lower_bound(name + "."); i != all.end() && i->first.starts_with(name + "."); ++i) {
      tensors_[i->first.substr(name.size() + 1)] = i->second;
    }
    REQUIRE(tensors_.contains("out"));
  }

  /// An input, its gradient wanted; undefined if the case has none of this name.
  Tensor in(const std::string& name) {
    if (!tensors_.contains("in." + name)) return {};
    Tensor x = tensors_.at("in." + name).clone();
    if (is_float(x.dtype())) leaves_[name] = x.requires_grad();
    return x;
  }

  void load(const Module& module) {
    module.to(DType::f64);
    StateDict state;
    for (const auto& [name, tensor] : tensors_) {
      if (name.starts_with("param.")) state[name.substr(6)] = tensor;
    }
    module.load_state_dict(state);
    for (const auto& [name, parameter] : module.named_parameters()) leaves_[name] = parameter;
  }

  void check(const Tensor& y, const Tensor& weights = {}) const {
    CHECK(worst_difference(y, tensors_.at("out")) < 1e-13);
    if (weights.defined()) CHECK(worst_difference(weights, tensors_.at("weights")) < 1e-14);
    for (const auto& [name, leaf] : leaves_) Tensor(leaf).clear_grad();
    backward({y}, {tensors_.at("cotangent")});
    size_t gradients = 0;
    for (const auto& [name, tensor] : tensors_) gradients += name.starts_with("grad.");
    CHECK(leaves_.size() == gradients);
    for (const auto& [name, leaf] : leaves_) {
      INFO(name);
      REQUIRE(leaf.grad().defined());
      CHECK(worst_difference(leaf.grad(), tensors_.at("grad." + name)) < 1e-12);
    }
  }

 private:
  StateDict tensors_, leaves_;
};

const std::vector<std::string> kinds = {"dot", "scaled_dot", "general", "additive"};

}  // namespace

TEST_CASE("reference: scaled_dot_product_attention, plain, causal and under a mask", "[reference]") {
  for (const std::string name : {"sdpa_plain", "sdpa_causal", "sdpa_mask"}) {
    for_both_twins([&] {
      INFO(name);
      Case expected(name);
      const Tensor q = expected.in("q"), k = expected.in("k"), v = expected.in("v");
      expected.check(scaled_dot_product_attention(
          q, k, v, {.mask = expected.in("mask"), .causal = name == "sdpa_causal"}));
    });
  }
}

TEST_CASE("reference: every score, for one head and for many", "[reference]") {
  for (const std::string name :
       {"dot", "scaled_dot", "general", "additive", "general_heads", "additive_heads"}) {
    INFO(name);
    Case expected(name);
    const Tensor q = expected.in("q"), k = expected.in("k");
    Rng rng(1);
    const ScoreOptions options{.heads = name.ends_with("_heads") ? 3 : 0};
    if (name.starts_with("additive")) {
      const AdditiveScore score(q.size(-1), k.size(-1), 7, rng, options);
      expected.load(score);
      expected.check(score(q, k));
    } else {
      const AttentionScore score(score_by_name(name.starts_with("general") ? "general" : name), q.size(-1),
                                 k.size(-1), rng, options);
      expected.load(score);
      expected.check(score(q, k));
    }
  }
}

TEST_CASE("reference: single-head attention with every score, padded", "[reference]") {
  for (const std::string& kind : kinds) {
    for_both_twins([&] {
      INFO(kind);
      Case expected("single_" + kind);
      Rng rng(1);
      const SingleHeadAttention layer(6, 4, rng,
                                      {.score = score_by_name(kind), .memory_size = 5, .dropout = 0});
      expected.load(layer);
      const Tensor x = expected.in("x"), memory = expected.in("memory"), mask = expected.in("mask");
      expected.check(layer(x, memory, {.allowed = mask}));
      const auto [y, weights] = layer.with_weights(x, memory, {.allowed = mask});
      expected.check(y, weights);
    });
  }
}

TEST_CASE("reference: nn.MultiheadAttention, causal and crossed", "[reference]") {
  for (const std::string name : {"mha_self_causal", "mha_cross_padding"}) {
    for_both_twins([&] {
      INFO(name);
      Case expected(name);
      Rng rng(1);
      const MultiHeadAttention layer(6, 2, rng, {.dropout = 0});
      expected.load(layer);
      const Tensor x = expected.in("x"), memory = expected.in("memory");
      const Tensor& other = memory.defined() ? memory : x;
      const AttentionMask mask{.allowed = expected.in("mask"), .causal = name == "mha_self_causal"};
      expected.check(layer(x, other, mask));
      const auto [y, weights] = layer.with_weights(x, other, mask);
      expected.check(y, weights);
    });
  }
}

TEST_CASE("reference: many heads with every score, with and without a gate", "[reference]") {
  for (const std::string& kind : kinds) {
    for (const bool gated : {false, true}) {
      for_both_twins([&] {
        INFO(kind << (gated ? ", gated" : ""));
        Case expected("multi_" + kind + (gated ? "_gated" : ""));
        Rng rng(1);
        const MultiHeadAttention layer(6, 2, rng,
                                       {.score = score_by_name(kind), .gated = gated, .dropout = 0});
        expected.load(layer);
        const Tensor x = expected.in("x"), memory = expected.in("memory"), mask = expected.in("mask");
        expected.check(layer(x, memory, {.allowed = mask}));
        const auto [y, weights] = layer.with_weights(x, memory, {.allowed = mask});
        expected.check(y, weights);
      });
    }
  }
}

// Attention as PyTorch computes it: outputs, probabilities and every gradient.

#include "nn/attention/multi_head.hpp"
#include "nn/attention/single_head.hpp"
#include "support/attention_kinds.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/reference_case.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

class Case : public ReferenceCase {
 public:
  explicit Case(const std::string& name) : ReferenceCase("attention_layers", name) {}
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

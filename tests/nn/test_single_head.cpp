// Single-head attention: its formula, masks, weights, gradients for every score, and what it refuses.
#include "nn/attention/single_head.hpp"
#include "support/attention_kinds.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("single-head attention is what its formula says, for every score", "[single]") {
  const Tensor x = random_normal({2, 3, 6}, 1), memory = random_normal({2, 5, 4}, 2);
  for_every_kind([&](ScoreKind kind) {
    Rng rng(3);
    const SingleHeadAttention layer(6, 3, rng, {.score = kind, .memory_size = 4, .dropout = 0});
    layer.to(DType::f64);
    const Tensor weights = softmax(layer.score(layer.query(x), layer.key(memory)));
    const Tensor expected = matmul(weights, layer.value(memory));  // [2, 3, 5] [2, 5, 3]
    for_both_twins([&] {
      CHECK(worst_difference(layer(x, memory), expected) < 1e-13);
      const auto [y, found] = layer.with_weights(x, memory);
      CHECK(worst_difference(y, expected) < 1e-13);
      CHECK(worst_difference(found, weights) < 1e-13);
    });
  });
}

TEST_CASE("single-head attention: masks of every shape say the same", "[single]") {
  const Tensor x = random_normal({2, 4, 6}, 4);
  const Tensor padding = tensor<bool>({true, true, true, false, true, true, false, false}, Shape{2, 4});
  for_every_kind([&](ScoreKind kind) {
    Rng rng(5);
    const SingleHeadAttention layer(6, 3, rng, {.score = kind, .dropout = 0});
    layer.to(DType::f64);
    for_both_twins([&] {
      const Tensor y = layer(x, {.allowed = padding});
      CHECK(worst_difference(y, layer(x, {.allowed = padding.unsqueeze(1).expand({2, 4, 4})})) == 0);
      // A causal mask as an option, and written out as one pattern for all rows.
      const Tensor triangle = logical_not(less(arange(4).unsqueeze(1), arange(4).unsqueeze(0)));
      CHECK(worst_difference(layer(x, {.causal = true}), layer(x, {.allowed = triangle.unsqueeze(0)})) <
            1e-14);
      const auto weights = layer.with_weights(x, x, {.allowed = padding, .causal = true}).second;
      CHECK(max(masked_fill(weights, logical_and(padding.unsqueeze(1), triangle.unsqueeze(0)), 0)).item() ==
            0);
      CHECK(worst_difference(sum(weights, Axes{-1}), ones({2, 4}, DType::f64)) < 1e-14);
    });
  });
}

TEST_CASE("a padding mask from lengths", "[single]") {
  CHECK(padding_mask({2, 0, 3}, 3).to_vector<bool>() ==
        std::vector<bool>{true, true, false, false, false, false, true, true, true});
  CHECK(padding_mask({}, 3).shape() == Shape{0, 3});
  CHECK_THROWS_WITH(padding_mask({2, 4}, 3), "padding_mask: a length of 4 in rows of 3");
  CHECK_THROWS_WITH(padding_mask({-1}, 3), "padding_mask: a length of -1 in rows of 3");
}

TEST_CASE("single-head attention has right gradients, first and second order", "[single]") {
  for_every_kind([&](ScoreKind kind) {
    for_both_twins([&] {
      Rng rng(6);
      const SingleHeadAttention layer(4, 2, rng, {.score = kind, .memory_size = 3, .dropout = 0.3});
      const Tensor mask = tensor<bool>({true, true, false, true, true, true}, Shape{2, 3});
      check_gradients(layer, [&](const auto& in) { return layer(in[0], in[1], {.allowed = mask}); },
                      {random_normal({2, 2, 4}, 7), random_normal({2, 3, 3}, 8)});
      const SingleHeadAttention self(3, 2, rng, {.score = kind, .dropout = 0, .bias = false});
      check_gradients(self, [&](const auto& in) { return self(in[0], {.causal = true}); },
                      {random_normal({1, 4, 3}, 9)});
      check_gradients(self, [&](const auto& in) { return self.with_weights(in[0], in[0]).second; },
                      {random_normal({1, 3, 3}, 10)});
    });
  });
}

TEST_CASE("a query that may see no key gives zeros and passes no gradient", "[single]") {
  const Tensor allowed = tensor<bool>({true, false, true, false, false, false}, Shape{1, 2, 3});
  for_every_kind([&](ScoreKind kind) {
    for_both_twins([&] {
      Rng rng(11);
      const SingleHeadAttention layer(4, 2, rng, {.score = kind, .dropout = 0});
      layer.to(DType::f64);
      Tensor x = random_normal({1, 2, 4}, 12), memory = random_normal({1, 3, 4}, 13);
      x.requires_grad();
      const auto [y, weights] = layer.with_weights(x, memory, {.allowed = allowed});
      CHECK(max(abs(y.select(1, 1))).item() == 0);
      CHECK(max(abs(weights.select(1, 1))).item() == 0);
      const Tensor quick = layer(x, memory, {.allowed = allowed});
      CHECK(max(abs(quick.select(1, 1))).item() == 0);
      sum(quick * random_normal({1, 2, 2}, 14)).backward();
      CHECK(max(abs(x.grad().select(1, 1))).item() == 0);
      CHECK(max(abs(x.grad().select(1, 0))).item() > 0);
      check_gradients(layer, [&](const auto& in) { return layer(in[0], in[1], {.allowed = allowed}); },
                      {x, memory});
    });
  });
}

TEST_CASE("single-head attention: dropout in training only, and weights show it", "[single]") {
  Rng rng(15);
  const SingleHeadAttention layer(6, 3, rng, {.dropout = 0.5});
  layer.to(DType::f64);
  const Tensor x = random_normal({1, 8, 6}, 16);
  manual_seed(1);
  const auto [y, weights] = layer.with_weights(x, x);
  CHECK(min(weights).item() == 0);
  manual_seed(1);
  CHECK(worst_difference(layer(x), y) < 1e-13);  // the fused op drops the same
  layer.eval();
  CHECK(min(layer.with_weights(x, x).second).item() > 0);
  CHECK(worst_difference(layer(x), layer(x)) == 0);
}

TEST_CASE("single-head attention names its parameters, and refuses what does not fit", "[single][misuse]") {
  Rng rng(17);
  const SingleHeadAttention layer(4, 2, rng, {.score = ScoreKind::general, .memory_size = 3, .bias = false});
  std::vector<std::string> names;
  for (const auto& [name, parameter] : layer.named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"query.weight", "key.weight", "value.weight", "score.weight"});
  CHECK_THROWS_WITH(layer(ones({2, 4})), "single-head attention: x must be [B, S, 4], not [2, 4]");
  CHECK_THROWS_WITH(layer(ones({1, 2, 4})), "single-head attention: memory must be [B, T, 3], not [1, 2, 4]");
  CHECK_THROWS_WITH(layer(ones({1, 2, 4}), ones({2, 2, 3})),
                    "single-head attention: x [1, 2, 4] and memory [2, 2, 3] differ in B");
  const auto masked = [&](const Tensor& allowed) {
    return layer(ones({1, 2, 4}), ones({1, 3, 3}), {.allowed = allowed});
  };
  CHECK_THROWS_WITH(masked(tensor<bool>({true, true, true}, Shape{3})),
                    "single-head attention: a mask must be [B, T] or [B, S, T], not [3]");
  CHECK_THROWS_WITH(masked(tensor<bool>({true, true}, Shape{1, 2})),
                    "attention_from_scores: a mask [1, 1, 2] does not broadcast to the scores [1, 2, 3]");
  CHECK_THROWS_WITH(masked(ones({1, 3})), "single-head attention: the mask must be bool, not f32");
}

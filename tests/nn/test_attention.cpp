// Multi-head attention and the encoder: against the formula, fused against composed, and their gradients.
#include <cmath>

#include "nn/transformer/encoder.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/small_stacks.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

Tensor mask_of(const std::vector<bool>& allowed, const Shape& shape) { return tensor(allowed, shape); }

}  // namespace

TEST_CASE("heads are views, and merging undoes splitting", "[attention]") {
  const Tensor x = random_normal({2, 3, 8}, 5);
  const Tensor heads = split_heads(x, 4);
  CHECK(heads.shape() == Shape{2, 4, 3, 2});
  CHECK(heads.shares_memory_with(x));
  CHECK(heads.at({1, 3, 2, 1}) == x.at({1, 2, 7}));
  CHECK(merge_heads(heads).shares_memory_with(x));
  CHECK(worst_difference(merge_heads(heads), x) == 0);
}

TEST_CASE("multi-head attention is what its formula says", "[attention]") {
  Rng rng(6);
  const MultiHeadAttention layer(6, 2, rng, {.dropout = 0});
  layer.to(DType::f64);
  const Tensor x = random_normal({2, 3, 6}, 7), memory = random_normal({2, 4, 6}, 8);
  // Head by head, with plain products.
  std::vector<Tensor> heads;
  for (int64_t a = 0; a < 2; ++a) {
    const auto part = [&](const Linear& projection, const Tensor& in) {
      return projection(in).slice(2, 3 * a, 3 * a + 3);
    };
    const Tensor scores =
        matmul(part(layer.query, x), part(layer.key, memory).transpose(1, 2)) / std::sqrt(3.0);
    heads.push_back(matmul(softmax(scores), part(layer.value, memory)));
  }
  const Tensor expected = layer.output(concat(heads, 2));
  CHECK(worst_difference(layer(x, memory), expected) < 1e-13);
  const auto [y, weights] = layer.with_weights(x, memory);
  CHECK(worst_difference(y, expected) < 1e-13);
  CHECK(weights.shape() == Shape{2, 2, 3, 4});
  CHECK(worst_difference(sum(weights, Axes{-1}), ones({2, 2, 3}, DType::f64)) < 1e-14);
}

TEST_CASE("a masked key is not seen, whatever it holds", "[attention]") {
  Rng rng(6);
  for (const bool composed : {false, true}) {
    const ComposedOps twins(composed);
    const MultiHeadAttention layer(6, 2, rng, {.dropout = 0});
    layer.to(DType::f64);
    const auto first_three = [](const Tensor& y) { return y.slice(1, 0, 3); };
    const Tensor x = random_normal({1, 4, 6}, 9);
    const Tensor changed = x.clone();
    changed.slice(1, 3, 4).fill_(100);
    const AttentionMask padding{.allowed = mask_of({true, true, true, false}, {1, 4})};
    CHECK(worst_difference(first_three(layer(x, padding)), first_three(layer(changed, padding))) == 0);
    const AttentionMask causal{.causal = true};
    CHECK(worst_difference(first_three(layer(x, causal)), first_three(layer(changed, causal))) == 0);
    CHECK(worst_difference(first_three(layer(x)), first_three(layer(changed))) > 1e-3);
    const AttentionMask nothing{.allowed = mask_of({false, false, false, false}, {1, 4})};
    CHECK(worst_difference(layer(x, nothing), layer.output(zeros({1, 4, 6}, DType::f64))) == 0);
    // [B, S, T] and [B, A, S, T] say the same in more words.
    const Tensor wide = padding.allowed.unsqueeze(1).expand({1, 4, 4});
    CHECK(worst_difference(layer(x, padding), layer(x, AttentionMask{.allowed = wide})) == 0);
    CHECK(worst_difference(layer(x, padding), layer(x, AttentionMask{.allowed = wide.unsqueeze(1)})) == 0);
  }
}

TEST_CASE("multi-head attention has right gradients, self and cross", "[attention]") {
  Rng rng(10);
  for (const bool composed : {false, true}) {
    const ComposedOps twins(composed);
    const MultiHeadAttention layer(4, 2, rng, {.dropout = 0.3});
    const AttentionMask mask{.allowed = mask_of({true, true, false, true, true, true}, {2, 3})};
    check_gradients(layer, [&](const auto& in) { return layer(in[0], mask); },
                    {random_normal({2, 3, 4}, 11)});
    check_gradients(layer, [&](const auto& in) { return layer(in[0], in[1], mask); },
                    {random_normal({2, 5, 4}, 12), random_normal({2, 3, 4}, 13)});
  }
}

TEST_CASE("multi-head attention refuses what does not fit", "[attention]") {
  Rng rng(1);
  CHECK_THROWS_WITH(MultiHeadAttention(10, 3, rng),
                    "multi-head attention: 10 numbers cannot be shared out among 3 heads");
  const MultiHeadAttention layer(4, 2, rng);
  CHECK_THROWS_WITH(layer(ones({2, 3})), "multi-head attention: x must be [B, S, 4], not [2, 3]");
  CHECK_THROWS_WITH(layer(ones({1, 2, 4}), ones({1, 2, 5})),
                    "multi-head attention: memory must be [B, T, 4], not [1, 2, 5]");
  CHECK_THROWS_WITH(layer(ones({2, 2, 4}), ones({1, 2, 4})),
                    "multi-head attention: the keys must be [2, 2, T, 2], not [1, 2, 2, 2]");
  CHECK_THROWS_WITH(layer.attend(ones({1, 2, 4}), KeysAndValues{ones({1, 2, 3, 2}), ones({1, 2, 3, 4})}),
                    "multi-head attention: the values must be [1, 2, T, 2], not [1, 2, 3, 4]");
  const AttentionMask flat{.allowed = mask_of({true, true}, {2})};
  CHECK_THROWS_WITH(layer(ones({1, 2, 4}), flat),
                    "multi-head attention: a mask must be [B, T], [B, S, T] or [B, A, S, T], not [2]");
}

TEST_CASE("an encoder's parameters have the names of Hugging Face's BERT", "[attention]") {
  Rng rng(1);
  const Encoder encoder({.hidden = 4, .heads = 2, .intermediate = 8, .layers = 1}, rng);
  std::vector<std::string> names;
  for (const auto& [name, parameter] : encoder.named_parameters()) names.push_back(name);
  CHECK(names == std::vector<std::string>{
                     "layer.0.attention.self.query.weight", "layer.0.attention.self.query.bias",
                     "layer.0.attention.self.key.weight", "layer.0.attention.self.key.bias",
                     "layer.0.attention.self.value.weight", "layer.0.attention.self.value.bias",
                     "layer.0.attention.output.dense.weight", "layer.0.attention.output.dense.bias",
                     "layer.0.attention.output.LayerNorm.weight", "layer.0.attention.output.LayerNorm.bias",
                     "layer.0.intermediate.dense.weight", "layer.0.intermediate.dense.bias",
                     "layer.0.output.dense.weight", "layer.0.output.dense.bias",
                     "layer.0.output.LayerNorm.weight", "layer.0.output.LayerNorm.bias"});
}

TEST_CASE("a gate and a score of its own add their names to attention's", "[attention]") {
  Rng rng(1);
  const MultiHeadAttention layer(4, 2, rng, {.score = ScoreKind::additive, .gated = true});
  std::map<std::string, Shape> shapes;
  for (const auto& [name, parameter] : layer.named_parameters()) shapes[name] = parameter.shape();
  CHECK(shapes.size() == 12);
  CHECK(shapes.at("self.score.query_weight") == Shape{2, 2, 2});
  CHECK(shapes.at("self.score.key_weight") == Shape{2, 2, 2});
  CHECK(shapes.at("self.score.vector") == Shape{2, 2});
  CHECK(shapes.at("self.gate.weight") == Shape{4, 4});
}

TEST_CASE("a gate may close a head, and its own gradient is right", "[attention]") {
  Rng rng(2);
  const MultiHeadAttention layer(4, 2, rng, {.gated = true, .dropout = 0});
  layer.to(DType::f64);
  const Tensor x = random_normal({1, 3, 4}, 22);
  {
    const NoGrad no_grad;
    Tensor(layer.gate->weight).fill_(0);
  }
  const Tensor context = layer.attend(x, x);
  Rng same(2);
  const MultiHeadAttention open(4, 2, same, {.dropout = 0});
  open.to(DType::f64);
  CHECK(worst_difference(context, open.attend(x, x) * 0.5) < 1e-15);  // sigmoid(0) is a half
}

TEST_CASE("an encoder, fused and composed, pre-norm and post-norm: the same numbers", "[attention]") {
  for (const bool pre_norm : {false, true}) {
    EncoderOptions options = small_stack();
    options.pre_norm = pre_norm;
    Rng rng(16);
    const Encoder encoder(options, rng);
    encoder.to(DType::f64);
    const Tensor x = random_normal({2, 5, 8}, 17), direction = random_normal({2, 5, 8}, 19);
    const AttentionMask mask{
        .allowed = mask_of({true, true, true, true, true, true, true, true, false, false}, {2, 5})};
    Tensor outputs[2];
    std::vector<Tensor> gradients[2];
    for (const bool composed : {false, true}) {
      const ComposedOps twins(composed);
      manual_seed(18);
      outputs[composed] = encoder(x, mask);
      backward({outputs[composed]}, {direction});
      for (Tensor& parameter : encoder.parameters()) {
        gradients[composed].push_back(parameter.grad());
        parameter.clear_grad();
      }
    }
    CHECK(worst_difference(outputs[0], outputs[1]) < 1e-12);
    const auto named = encoder.named_parameters();
    for (size_t i = 0; i < named.size(); ++i) {
      INFO(named[i].first);
      CHECK(worst_difference(gradients[0][i], gradients[1][i]) < 1e-11);
    }
    encoder.eval();
    const Tensor y = encoder(x, mask);
    const EncoderTrace trace = encoder.trace(x, mask);
    CHECK(worst_difference(trace.last, y) < 1e-12);
    CHECK(trace.attentions.size() == 2);
    CHECK(trace.attentions[1].shape() == Shape{2, 2, 5, 5});
    REQUIRE(trace.hidden_states.size() == 3);
    CHECK(worst_difference(trace.hidden_states.back(), trace.last) == 0);
    CHECK(worst_difference(trace.hidden_states.front(), x) == 0);
    const EncoderTrace bare = encoder.trace(x, mask, {.hidden_states = false, .attentions = false});
    CHECK(worst_difference(bare.last, y) == 0);
    CHECK(bare.hidden_states.empty());
    CHECK(bare.attentions.empty());
  }
}

TEST_CASE("an encoder layer has right gradients", "[attention]") {
  for (const bool pre_norm : {false, true}) {
    for (const bool composed : {false, true}) {
      const ComposedOps twins(composed);
      EncoderOptions options = small_stack();
      options.pre_norm = options.gated = pre_norm;
      options.score = pre_norm ? ScoreKind::general : ScoreKind::scaled_dot;
      Rng rng(20);
      const EncoderLayer layer(options, rng);
      check_gradients(
          layer, [&](const auto& in) { return layer(in[0]); }, {random_normal({2, 3, 8}, 21)}, 3);
    }
  }
}

TEST_CASE("an encoder asked for some places gives their rows and the same gradients", "[attention]") {
  for (const bool pre_norm : {false, true}) {
    EncoderOptions options = small_stack();
    options.pre_norm = options.gated = pre_norm;
    Rng rng(22);
    Encoder encoder(options, rng);
    encoder.to(DType::f64);
    encoder.eval();  // dropout would be drawn for fewer elements
    const Tensor x = random_normal({2, 5, 8}, 23), direction = random_normal({4, 8}, 24);
    const Tensor positions = tensor<int64_t>({0, 5, 7, 7});  // one of them twice
    const AttentionMask mask{.allowed = padding_mask({5, 3}, 5)};
    Tensor rows[2];
    std::vector<Tensor> gradients[2];
    for (const bool whole : {false, true}) {
      rows[whole] =
          whole ? gather_rows(encoder(x, mask), positions) : encoder.at_positions(positions, x, mask);
      backward({rows[whole]}, {direction});
      for (Tensor& parameter : encoder.parameters()) {
        gradients[whole].push_back(parameter.grad());
        parameter.clear_grad();
      }
    }
    CHECK(rows[0].shape() == Shape{4, 8});
    CHECK(worst_difference(rows[0], rows[1]) < 1e-13);
    for (size_t i = 0; i < gradients[0].size(); ++i) {
      CHECK(worst_difference(gradients[0][i], gradients[1][i]) < 1e-12);
    }
    CHECK_THROWS_AS(encoder.at_positions(tensor<int64_t>({10}), x), IndexError);
    const EncoderLayer& layer = encoder.layers[0];
    check_gradients(
        layer,
        [&](const auto& in) {
          return layer.at_positions(tensor<int64_t>({1, 5, 1}), in[0]);
        },
        {random_normal({2, 3, 8}, 25)}, 3);
  }
}

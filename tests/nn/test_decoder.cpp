// The decoder: its formula, causality, masks, keys and values kept from token to token, and its gradients.
#include "nn/transformer/decoder.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/small_stacks.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

DecoderOptions small_decoder(bool pre_norm) {
  DecoderOptions options = small_stack();
  options.pre_norm = pre_norm;
  return options;
}

Decoder make_decoder(bool pre_norm) {
  Rng rng(1);
  const Decoder decoder(small_decoder(pre_norm), rng);
  decoder.to(DType::f64);
  decoder.eval();
  return decoder;
}

Tensor memory_mask() {
  return tensor<bool>({true, true, true, true, true, true, true, true, false, false}, Shape{2, 5});
}

}  // namespace

TEST_CASE("a decoder layer is three residual sub-layers", "[decoder]") {
  for (const bool pre_norm : {false, true}) {
    Rng rng(1);
    const DecoderLayer layer(small_decoder(pre_norm), rng);
    layer.to(DType::f64);
    layer.eval();
    const Tensor x = random_normal({2, 4, 8}, 2), memory = random_normal({2, 5, 8}, 3);
    const auto around = [&](const Residual& part, const Tensor& in, const auto& f) {
      return pre_norm ? in + f(part.norm(in)) : part.norm(in + f(in));
    };
    Tensor y = around(layer.around_attention, x,
                      [&](const Tensor& in) { return layer.attention(in, {.causal = true}); });
    y = around(layer.around_cross, y,
               [&](const Tensor& in) { return layer.cross(in, memory, {.allowed = memory_mask()}); });
    y = around(layer.around_feed_forward, y, [&](const Tensor& in) { return layer.feed_forward(in); });
    const DecoderMask mask{.memory = memory_mask()};
    CHECK(worst_difference(layer(x, memory, mask), y) < 1e-13);
    const DecoderLayer::Weighted all = layer.with_weights(x, memory, mask);
    CHECK(worst_difference(all.result, y) < 1e-13);
    CHECK(all.self_attention.shape() == Shape{2, 2, 4, 4});
    CHECK(all.cross_attention.shape() == Shape{2, 2, 4, 5});
    CHECK(all.self_attention.at({0, 0, 1, 2}) == 0);
    CHECK(all.cross_attention.at({1, 1, 0, 3}) == 0);
    CHECK(sum(all.cross_attention).item() == Approx(16));
    const ComposedOps twins;
    CHECK(worst_difference(layer(x, memory, mask), y) < 1e-13);
  }
}

TEST_CASE("a decoder layer's parameters have the names of Hugging Face's BERT with cross-attention",
          "[decoder]") {
  Rng rng(1);
  const DecoderLayer layer({.hidden = 4, .heads = 2, .intermediate = 8}, rng);
  std::vector<std::string> names;
  for (const auto& [name, parameter] : layer.named_parameters()) {
    if (name.ends_with("weight")) names.push_back(name);
  }
  CHECK(names == std::vector<std::string>{
                     "attention.self.query.weight", "attention.self.key.weight",
                     "attention.self.value.weight", "attention.output.dense.weight",
                     "attention.output.LayerNorm.weight", "crossattention.self.query.weight",
                     "crossattention.self.key.weight", "crossattention.self.value.weight",
                     "crossattention.output.dense.weight", "crossattention.output.LayerNorm.weight",
                     "intermediate.dense.weight", "output.dense.weight", "output.LayerNorm.weight"});
}

TEST_CASE("a decoder layer has right gradients", "[decoder]") {
  for (const bool pre_norm : {false, true}) {
    for (const bool composed : {false, true}) {
      const ComposedOps twins(composed);
      Rng rng(4);
      manual_seed(4);
      const DecoderLayer layer(small_decoder(pre_norm), rng);
      const DecoderMask mask{.target = tensor<bool>({true, true, true, true, true, false}, Shape{2, 3}),
                             .memory = memory_mask()};
      check_gradients(
          layer, [&](const auto& in) { return layer(in[0], in[1], mask); },
          {random_normal({2, 3, 8}, 5), random_normal({2, 5, 8}, 6)}, 3);
    }
  }
}

TEST_CASE("invariant: the future's Jacobian is exactly 0", "[decoder]") {
  for (const bool pre_norm : {false, true}) {
    const Decoder decoder = make_decoder(pre_norm);
    const Tensor x = random_normal({1, 5, 8}, 7).requires_grad(), memory = random_normal({1, 4, 8}, 8);
    const Tensor y = decoder(x, memory);
    for (int64_t i = 0; i < 5; ++i) {
      for (int64_t h = 0; h < 8; ++h) {
        const Tensor row =
            grad({y.select(1, i).select(1, h)}, {x}, {ones({1}, DType::f64)}, {.retain_graph = true})[0];
        for (int64_t j = 0; j < 5; ++j) {
          const double most = max(abs(row.select(1, j))).item();
          if (j > i) CHECK(most == 0);
          if (j <= i) CHECK(most > 1e-6);
        }
      }
    }
  }
}

TEST_CASE("invariant: what padding holds changes nothing, in memory and in the target", "[decoder]") {
  const Decoder decoder = make_decoder(false);
  const Tensor x = random_normal({2, 4, 8}, 9), memory = random_normal({2, 5, 8}, 10);
  const DecoderMask mask{
      .target = tensor<bool>({true, true, true, true, false, true, true, true}, Shape{2, 4}),
      .memory = memory_mask()};
  const Tensor y = decoder(x, memory, mask);
  Tensor other_memory = memory.clone(), other_x = x.clone();
  other_memory.select(0, 1).slice(0, 3, 5).fill_(50);
  other_x.select(0, 1).slice(0, 0, 1).fill_(-50);
  CHECK(worst_difference(decoder(x, other_memory, mask), y) == 0);
  const Tensor changed = decoder(other_x, memory, mask);
  CHECK(worst_difference(changed.select(0, 1).slice(0, 1, 4), y.select(0, 1).slice(0, 1, 4)) == 0);
  CHECK(worst_difference(decoder(other_x, memory), decoder(x, memory)) > 1e-3);
  // A shorter memory is the same as a masked one.
  const Tensor alone =
      decoder(x.slice(0, 1, 2), memory.slice(0, 1, 2).slice(1, 0, 3), {.target = mask.target.slice(0, 1, 2)});
  CHECK(worst_difference(alone, y.slice(0, 1, 2)) < 1e-13);
}

TEST_CASE("invariant: a memory without positions may stand in any order", "[decoder]") {
  const Decoder decoder = make_decoder(true);
  const Tensor x = random_normal({2, 4, 8}, 11), memory = random_normal({2, 5, 8}, 12);
  const Tensor order = tensor({3, 0, 4, 2, 1});
  const Tensor shuffled =
      decoder(x, index_select(memory, 1, order), {.memory = index_select(memory_mask(), 1, order)});
  CHECK(worst_difference(shuffled, decoder(x, memory, {.memory = memory_mask()})) < 1e-13);
}

TEST_CASE("token by token, a decoder gives the numbers of the full pass", "[decoder]") {
  for (const bool pre_norm : {false, true}) {
    const Decoder decoder = make_decoder(pre_norm);
    const Tensor x = random_normal({2, 6, 8}, 13), memory = random_normal({2, 5, 8}, 14);
    const Tensor whole = decoder(x, memory, {.memory = memory_mask()});
    for (const std::vector<int64_t>& pieces :
         {std::vector<int64_t>{1, 1, 1, 1, 1, 1}, {2, 1, 3}, {6}, {1, 5}}) {
      DecoderState state = decoder.start(memory, memory_mask());
      int64_t at = 0;
      for (const int64_t n : pieces) {
        const Tensor y = decoder.next(x.slice(1, at, at + n), state);
        CHECK(worst_difference(y, whole.slice(1, at, at + n)) < 1e-13);
        at += n;
        CHECK(state.length == at);
      }
    }
    // Rows may be dropped, doubled and exchanged on the way.
    DecoderState state = decoder.start(memory, memory_mask());
    decoder.next(x.slice(1, 0, 3), state);
    const Tensor rows = tensor({1, 0, 1});
    state.select(rows);
    const Tensor y = decoder.next(index_select(x, 0, rows).slice(1, 3, 6), state);
    CHECK(worst_difference(y, index_select(whole, 0, rows).slice(1, 3, 6)) < 1e-13);
  }
}

TEST_CASE("a decoder traces the attention of its layers", "[decoder]") {
  const Decoder decoder = make_decoder(true);
  const Tensor x = random_normal({2, 4, 8}, 15), memory = random_normal({2, 5, 8}, 16);
  const DecoderTrace trace = decoder.trace(x, memory);
  CHECK(worst_difference(trace.last, decoder(x, memory)) < 1e-13);
  CHECK(trace.self_attentions.size() == 2);
  CHECK(trace.cross_attentions.at(1).shape() == Shape{2, 2, 4, 5});
}

TEST_CASE("a decoder refuses what does not fit", "[decoder]") {
  const Decoder decoder = make_decoder(false);
  const Tensor x = random_normal({2, 4, 8}, 1);
  CHECK_THROWS_WITH(
      decoder(x, ones({2, 5, 7}, DType::f64)),
      "multi-head attention: memory must be [B, T, 8], not [2, 5, 7] (in layer.0.crossattention)");
  CHECK_THROWS_WITH(decoder(x.select(0, 0), x),
                    "multi-head attention: x must be [B, S, 8], not [4, 8] (in layer.0.attention)");
  DecoderState none;
  CHECK_THROWS_WITH(decoder.next(x, none), "decoder: a state of 0 layers for 2 layers; make it with start()");
}

TEST_CASE("a token that a decoder refuses leaves the state as it was", "[decoder]") {
  for (const bool pre_norm : {false, true}) {
    const Decoder decoder = make_decoder(pre_norm);
    const Tensor x = random_normal({2, 3, 8}, 17), memory = random_normal({2, 5, 8}, 18);
    const Tensor whole = decoder(x, memory);
    DecoderState state = decoder.start(memory);
    decoder.next(x.slice(1, 0, 2), state);
    CHECK_THROWS_WITH(decoder.next(ones({3, 1, 8}, DType::f64), state),
                      "decoder: x must be [2, N, 8] for this state, not [3, 1, 8] (in layer.0)");
    CHECK_THROWS_AS(decoder.next(ones({2, 1, 8}), state), DTypeError);
    const Tensor mask = state.memory_mask;
    state.memory_mask = ones({3, 5}, DType::boolean);  // refused by the cross-attention
    CHECK_THROWS_AS(decoder.next(x.slice(1, 2, 3), state), Error);
    CHECK_THROWS_AS(decoder.layers[0].next(x.slice(1, 2, 3), state.layers[0], state.memory_mask), Error);
    state.memory_mask = mask;
    CHECK(state.length == 2);
    CHECK(worst_difference(decoder.next(x.slice(1, 2, 3), state), whole.slice(1, 2, 3)) < 1e-13);
  }
}

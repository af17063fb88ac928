// What must hold for attention whatever its parameters are, for every score, gated or not.
#include "nn/attention/single_head.hpp"
#include "nn/transformer/encoder.hpp"
#include "support/attention_kinds.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/small_stacks.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

/// f(layer) for many-headed layers of 8 numbers and `heads` heads: every score, gated or not, fused or
/// composed.
template <class F>
void for_every_layer(int64_t heads, F&& f, double dropout = 0) {
  for_every_kind([&](ScoreKind kind) {
    for (const bool gated : {false, true}) {
      for_both_twins([&] {
        INFO((gated ? "gated" : "no gate"));
        Rng rng(1);
        const MultiHeadAttention layer(8, heads, rng, {.score = kind, .gated = gated, .dropout = dropout});
        layer.to(DType::f64);
        f(layer);
      });
    }
  });
}

Tensor parameter_of(const Module& module, const std::string& wanted) {
  for (const auto& [name, parameter] : module.named_parameters()) {
    if (name == wanted) return parameter;
  }
  return {};
}

/// `x` with the D rows (axis 0) or columns (axis 1) of each head where `order` puts them.
Tensor by_heads(const Tensor& x, int64_t axis, const std::vector<int64_t>& order) {
  const int64_t size = x.size(axis) / static_cast<int64_t>(order.size());
  std::vector<Tensor> parts;
  for (const int64_t a : order) parts.push_back(x.slice(axis, a * size, (a + 1) * size));
  return concat(parts, axis);
}

}  // namespace

TEST_CASE("invariant: padding changes nothing", "[invariant]") {
  const Tensor x = random_normal({2, 5, 8}, 2), padding = 50.0 * random_normal({2, 3, 8}, 3);
  const Tensor padded = concat({x, padding}, 1);
  const Tensor allowed = concat(
      {tensor(std::vector<bool>(10, true), Shape{2, 5}), tensor(std::vector<bool>(6, false), Shape{2, 3})},
      1);
  for_every_layer(2, [&](const MultiHeadAttention& layer) {
    const Tensor y = layer(padded, {.allowed = allowed});
    CHECK(worst_difference(y.slice(1, 0, 5), layer(x)) < 1e-13);
  });
  for (const bool pre_norm : {false, true}) {
    Rng rng(4);
    EncoderOptions options = small_stack();
    options.gated = true;
    options.pre_norm = pre_norm;
    const Encoder encoder(options, rng);
    encoder.to(DType::f64);
    encoder.eval();
    CHECK(worst_difference(encoder(padded, {.allowed = allowed}).slice(1, 0, 5), encoder(x)) < 1e-12);
  }
}

TEST_CASE("invariant: without positions, permuting the tokens permutes the results", "[invariant]") {
  const Tensor x = random_normal({2, 5, 8}, 5), order = tensor<int64_t>({3, 0, 4, 1, 2});
  const Tensor shuffled = index_select(x, 1, order);
  for_every_layer(4, [&](const MultiHeadAttention& layer) {
    CHECK(worst_difference(layer(shuffled), index_select(layer(x), 1, order)) < 1e-13);
  });
}

TEST_CASE("invariant: under a causal mask no result has a derivative by a later token", "[invariant]") {
  // 40 tokens: more than one block of the fused kernel.
  for (const int64_t S : {4, 40}) {
    for_every_layer(2, [&](const MultiHeadAttention& layer) {
      Tensor x = random_normal({1, S, 8}, 6);
      x.requires_grad();
      const Tensor y = layer(x, {.causal = true});
      for (const int64_t i : {int64_t{0}, S / 2, S - 2}) {
        const Tensor dx = grad({y.select(1, i)}, {x}, {random_normal({1, 8}, 7)}, {.retain_graph = true})[0];
        CHECK(max(abs(dx.slice(1, i + 1, S))).item() == 0);
        CHECK(max(abs(dx.select(1, i))).item() > 0);
      }
    });
  }
}

TEST_CASE("invariant: heads may change places if the columns of W_o go with them", "[invariant]") {
  const Tensor x = random_normal({2, 5, 8}, 8), memory = random_normal({2, 3, 8}, 9);
  const std::vector<int64_t> order = {2, 0, 3, 1};
  for_every_layer(4, [&](const MultiHeadAttention& layer) {
    const Tensor before = layer(x, memory);
    StateDict moved;
    for (const auto& [name, parameter] : layer.named_parameters()) {
      const Tensor p = parameter.detach();
      if (name == "output.dense.weight") {
        moved[name] = by_heads(p, 1, order);
      } else {
        moved[name] = name == "output.dense.bias" ? p.clone() : by_heads(p, 0, order);
      }
    }
    layer.load_state_dict(moved);
    CHECK(worst_difference(layer(x, memory), before) < 1e-13);
    // Moved without W_o, they do not give the same: the check above sees something.
    moved["output.dense.weight"] = by_heads(parameter_of(layer, "output.dense.weight").detach(), 1, order);
    layer.load_state_dict(moved);
    CHECK(worst_difference(layer(x, memory), before) > 1e-3);
  });
}

TEST_CASE("invariant: A heads in one product are A single heads in a loop", "[invariant]") {
  const Tensor x = random_normal({2, 5, 8}, 10), memory = random_normal({2, 3, 8}, 11);
  const AttentionMask mask{.allowed = tensor<bool>({true, true, false, true, true, true}, Shape{2, 3})};
  constexpr int64_t A = 4, D = 2;
  for_every_layer(A, [&](const MultiHeadAttention& layer) {
    Tensor y = layer.output.bias.detach();
    for (int64_t a = 0; a < A; ++a) {
      Rng rng(12);
      const SingleHeadAttention head(8, D, rng, {.score = layer.score.kind, .dropout = 0});
      head.to(DType::f64);
      StateDict state;
      for (const auto& [name, parameter] : layer.named_parameters()) {
        if (!name.starts_with("self.") || name.starts_with("self.gate")) continue;
        const Tensor p = parameter.detach();
        const bool of_score = name.starts_with("self.score");  // [A, ...]
        state[name.substr(5)] = of_score ? p.select(0, a) : p.slice(0, a * D, (a + 1) * D);
      }
      head.load_state_dict(state);
      Tensor result = head(x, memory, mask);  // [B, S, D]
      if (layer.gate) {
        result = result * sigmoid(linear(x, layer.gate->weight.detach().slice(0, a * D, (a + 1) * D)));
      }
      y = y + linear(result, layer.output.weight.detach().slice(1, a * D, (a + 1) * D));
    }
    CHECK(worst_difference(layer(x, memory, mask), y) < 1e-13);
  });
}

TEST_CASE("invariant: keys and values made once give the same, query by query", "[invariant]") {
  const Tensor x = random_normal({2, 4, 8}, 13), memory = random_normal({2, 6, 8}, 14);
  for_every_layer(2, [&](const MultiHeadAttention& layer) {
    const KeysAndValues kv = layer.project(memory);
    CHECK(kv.keys.shape() == Shape{2, 2, 6, 4});
    CHECK(worst_difference(layer.attend(x, kv), layer.attend(x, memory)) == 0);
    CHECK(worst_difference(layer.output(layer.attend(x, kv)), layer(x, memory)) == 0);
    const Tensor whole = layer(x, {.causal = true});
    for (int64_t i = 0; i < 4; ++i) {
      const Tensor token = x.slice(1, i, i + 1);
      const Tensor alone =
          layer.output(layer.attend(token, layer.project(x.slice(1, 0, i + 1)), {.causal = true}));
      CHECK(worst_difference(alone, whole.slice(1, i, i + 1)) < 1e-13);
    }
  });
}

TEST_CASE("invariant: many heads: gradients of both orders, with dropout and a query that sees nothing",
          "[invariant]") {
  const Tensor x = random_normal({1, 2, 8}, 15), memory = random_normal({1, 3, 8}, 16);
  const AttentionMask mask{.allowed = tensor<bool>({true, false, true, false, false, false}, Shape{1, 2, 3})};
  for_every_layer(
      2,
      [&](const MultiHeadAttention& layer) {
        check_gradients(
            layer, [&](const auto& in) { return layer(in[0], in[1], mask); }, {x, memory}, 2);
        layer.eval();
        CHECK(worst_difference(layer(x, memory, mask).select(1, 1), layer.output.bias.unsqueeze(0)) == 0);
        CHECK(max(abs(layer.with_weights(x, memory, mask).second.select(2, 1))).item() == 0);
      },
      0.3);
}

TEST_CASE("invariant: splitting and merging heads copies nothing", "[invariant]") {
  Rng rng(17);
  const int64_t B = 4, S = 64, H = 128, one = B * S * H * 4;  // bytes of one [B, S, H]
  const Tensor x = randn({B, S, H}, rng);
  const auto blocks = [] { return memory_stats().live_blocks; };
  {
    const int64_t before = blocks();
    const Tensor heads = split_heads(x, 4), merged = merge_heads(heads);
    CHECK(blocks() == before);
    const Tensor y = merge_heads(scaled_dot_product_attention(heads, heads, heads));
    CHECK(blocks() == before + 1);  // what attention made, and no copy of it
    CHECK(y.is_contiguous());
  }
  const auto peak_of = [](const auto& run) {
    const int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    run();
    return memory_stats().peak_bytes - before;
  };
  const MultiHeadAttention layer(H, 4, rng);
  // Query, key, value and the heads' results are four of [B, S, H], and log sum exp a thirty-second of one. A
  // copy on the way in or out would be a fifth. (The projection comes when query, key and value are gone.)
  const NoGrad no_grad;
  CHECK(peak_of([&] { layer(x); }) < one * 9 / 2);
  CHECK(peak_of([&] { layer(x); }) >= one * 4);
}

TEST_CASE("what a mask hides may be huge, and a NaN there is found by anomaly mode", "[invariant]") {
  const AttentionMask mask{.allowed = tensor<bool>({true, true, false}, Shape{1, 3})};
  const Tensor x = random_normal({1, 3, 8}, 18);
  for_every_layer(2, [&](const MultiHeadAttention& layer) {
    const Tensor y = layer(x, mask).slice(1, 0, 2);
    Tensor huge = x.clone();
    huge.slice(1, 2, 3).fill_(1e150);
    CHECK(worst_difference(layer(huge, mask).slice(1, 0, 2), y) == 0);
    huge.slice(1, 2, 3).fill_(std::numeric_limits<double>::quiet_NaN());
    const DetectAnomaly anomaly;
    CHECK_THROWS_AS(layer(huge, mask), GraphError);
  });
}

#include "nn/attention/multi_head.hpp"
#include "autograd/plural.hpp"

namespace gradus::nn {
namespace {

constexpr std::string_view layer = "multi-head attention";

int64_t checked_heads(int64_t hidden, int64_t heads) {
  if (heads < 1 || hidden % heads != 0) {
    fail<ShapeError>("{}: {} {} cannot be shared out among {} {}", layer, hidden, plural(hidden, "number"),
                     heads, plural(heads, "head"));
  }
  return heads;
}

void check_rows(const char* what, const char* length, const Tensor& x, int64_t hidden) {
  if (x.rank() != 3 || x.size(2) != hidden) {
    fail<ShapeError>("{}: {} must be [B, {}, {}], not {}", layer, what, length, hidden, x.shape());
  }
}

void check_heads(const char* what, const Tensor& x, const Tensor& q) {
  const Shape& s = q.shape();
  if (x.rank() != 4 || x.size(0) != s[0] || x.size(1) != s[1] || x.size(3) != s[3]) {
    fail<ShapeError>("{}: the {} must be [{}, {}, T, {}], not {}", layer, what, s[0], s[1], s[3], x.shape());
  }
}

}  // namespace

Tensor split_heads(const Tensor& x, int64_t heads) {
  const int64_t B = x.size(0), S = x.size(1), H = x.size(2);
  return x.reshape({B, S, heads, H / heads}).transpose(1, 2);  // [B, S, H] -> [B, S, A, D] -> [B, A, S, D]
}

Tensor merge_heads(const Tensor& x) {
  const int64_t B = x.size(0), A = x.size(1), S = x.size(2), D = x.size(3);
  return x.transpose(1, 2).reshape({B, S, A * D});  // [B, A, S, D] -> [B, S, A, D] -> [B, S, H]
}

MultiHeadAttention::MultiHeadAttention(int64_t hidden, int64_t number_of_heads, Rng& rng,
                                       const MultiHeadOptions& options)
    : heads(checked_heads(hidden, number_of_heads)),
      query(child("self.query", Linear(hidden, hidden, rng, {.init = options.init}))),
      key(child("self.key", Linear(hidden, hidden, rng, {.init = options.init}))),
      value(child("self.value", Linear(hidden, hidden, rng, {.init = options.init}))),
      output(child("output.dense", Linear(hidden, hidden, rng, {.init = options.init}))),
      score(child("self.score", AttentionScore(options.score, hidden / heads, hidden / heads, rng,
                                               {.heads = heads, .init = options.init}))),
      gate(options.gated ? std::optional(child("self.gate", Linear(hidden, hidden, rng,
                                                                   {.init = options.init, .bias = false})))
                         : std::nullopt),
      dropout(child("self.dropout", Dropout(options.dropout))) {}

Tensor MultiHeadAttention::queries(const Tensor& x) const {
  check_rows("x", "S", x, query.weight.size(1));
  return split_heads(query(x), heads);  // [B, A, S, D]
}

KeysAndValues MultiHeadAttention::keys_and_values(const Tensor& memory) const {
  check_rows("memory", "T", memory, query.weight.size(1));
  return {split_heads(key(memory), heads), split_heads(value(memory), heads)};  // [B, A, T, D] each
}

Tensor MultiHeadAttention::context(const Tensor& x, const Projected& made, const AttentionMask& mask,
                                   Tensor* weights) const {
  const auto& [q, kv] = made;
  check_heads("keys", kv.keys, q);
  check_heads("values", kv.values, q);
  const Dropout::Mask drop = dropout.next_mask();
  const AttentionOptions options{
      .mask = over_scores(mask, 4, layer), .causal = mask.causal, .dropout = drop.p, .seed = drop.seed};
  Tensor heads_results;  // [B, A, S, D]
  if (score.kind != ScoreKind::scaled_dot || weights) {
    auto [results, probabilities] = attention_from_scores(score(q, kv.keys), kv.values, options);
    heads_results = results;
    if (weights) *weights = probabilities;  // [B, A, S, T]
  } else {
    heads_results = scaled_dot_product_attention(q, kv.keys, kv.values, options);
  }
  const Tensor y = merge_heads(heads_results);  // [B, S, H]
  return gate ? y * sigmoid((*gate)(x)) : y;
}

// In each {queries, keys and values}, braces make the queries first. The order of the ops is the order in
// which x's gradients are summed, and so their last bits.

Tensor MultiHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                      const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const Tensor y = context(x, {queries(x), keys_and_values(memory)}, mask);
  return output(y);  // in two lines: queries, keys and values have given back their memory
}

std::pair<Tensor, Tensor> MultiHeadAttention::with_weights(const Tensor& x, const Tensor& memory,
                                                           const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  Tensor weights;
  const Tensor y = context(x, {queries(x), keys_and_values(memory)}, mask, &weights);
  return {output(y), weights};
}

KeysAndValues MultiHeadAttention::project(const Tensor& memory) const {
  const ModuleScope scope = enter();
  return keys_and_values(memory);
}

Tensor MultiHeadAttention::attend(const Tensor& x, const Tensor& memory, const AttentionMask& mask,
                                  Tensor* weights) const {
  const ModuleScope scope = enter();
  return context(x, {queries(x), keys_and_values(memory)}, mask, weights);
}

Tensor MultiHeadAttention::attend(const Tensor& x, const KeysAndValues& kv, const AttentionMask& mask,
                                  Tensor* weights) const {
  const ModuleScope scope = enter();
  return context(x, {queries(x), kv}, mask, weights);
}

}  // namespace gradus::nn

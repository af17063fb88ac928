#include "nn/multi_head.hpp"
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

KeysAndValues MultiHeadAttention::looked_at(const Tensor& memory) const {
  check_rows("memory", "T", memory, query.weight.size(1));
  return {split_heads(key(memory), heads), split_heads(value(memory), heads)};  // [B, A, T, D] each
}

std::pair<Tensor, Tensor> MultiHeadAttention::look(const Tensor& x, const Tensor& q,
                                                   const KeysAndValues& seen, const AttentionMask& mask,
                                                   bool wants_weights) const {
  check_heads("keys", seen.keys, q);
  check_heads("values", seen.values, q);
  const Dropout::Mask drop = dropout.next_mask();
  const AttentionOptions options{
      .mask = over_scores(mask, 4, layer), .causal = mask.causal, .dropout = drop.p, .seed = drop.seed};
  std::pair<Tensor, Tensor> out;  // of all heads: their results [B, A, S, D], and the weights [B, A, S, T]
  if (score.kind != ScoreKind::scaled_dot || wants_weights) {
    out = attention_from_scores(score(q, seen.keys), seen.values, options);
  } else {
    out.first = scaled_dot_product_attention(q, seen.keys, seen.values, options);
  }
  out.first = merge_heads(out.first);  // [B, S, H]
  if (gate) out.first = out.first * sigmoid((*gate)(x));
  return out;
}

std::pair<Tensor, Tensor> MultiHeadAttention::look(const Tensor& x, const Tensor& memory,
                                                   const AttentionMask& mask, bool wants_weights) const {
  const Tensor q = queries(x);
  return look(x, q, looked_at(memory), mask, wants_weights);
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                      const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return output(look(x, memory, mask, false).first);
}

std::pair<Tensor, Tensor> MultiHeadAttention::with_weights(const Tensor& x, const Tensor& memory,
                                                           const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const auto [y, weights] = look(x, memory, mask, true);
  return {output(y), weights};
}

KeysAndValues MultiHeadAttention::keys_and_values(const Tensor& memory) const {
  const ModuleScope scope = enter();
  return looked_at(memory);
}

Tensor MultiHeadAttention::attend(const Tensor& x, const KeysAndValues& seen,
                                  const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return output(look(x, queries(x), seen, mask, false).first);
}

Tensor MultiHeadAttention::context(const Tensor& x, const Tensor& memory, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return look(x, memory, mask, false).first;
}

Tensor MultiHeadAttention::context(const Tensor& x, const KeysAndValues& seen,
                                   const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return look(x, queries(x), seen, mask, false).first;
}

std::pair<Tensor, Tensor> MultiHeadAttention::context_and_weights(const Tensor& x, const Tensor& memory,
                                                                  const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return look(x, memory, mask, true);
}

}  // namespace gradus::nn

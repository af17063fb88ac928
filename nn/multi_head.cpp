#include "nn/multi_head.hpp"

namespace gradus::nn {
namespace {

int64_t checked_heads(int64_t hidden, int64_t heads) {
  if (heads < 1 || hidden % heads != 0) {
    fail<ShapeError>("multi-head attention: {} numbers cannot be shared out among {} heads", hidden, heads);
  }
  return heads;
}

void check_rows(const char* what, const Tensor& x, int64_t hidden) {
  if (x.rank() != 3 || x.size(2) != hidden) {
    fail<ShapeError>("multi-head attention: {} must be [B, S, {}], not {}", what, hidden, x.shape());
  }
}

/// -> a shape that broadcasts to the scores [B, A, S, T].
Tensor over_scores(const Tensor& allowed) {
  if (!allowed.defined() || allowed.rank() == 4) return allowed;
  if (allowed.rank() == 3) return allowed.unsqueeze(1);               // [B, S, T] -> [B, 1, S, T]
  if (allowed.rank() == 2) return allowed.unsqueeze(1).unsqueeze(1);  // [B, T] -> [B, 1, 1, T]
  fail<ShapeError>("multi-head attention: a mask must be [B, T], [B, S, T] or [B, A, S, T], not {}",
                   allowed.shape());
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
      dropout(child("self.dropout", Dropout(options.dropout))) {}

std::pair<Tensor, Tensor> MultiHeadAttention::attend(const Tensor& x, const Tensor& memory,
                                                     const AttentionMask& mask, bool wants_weights) const {
  const int64_t hidden = query.weight.size(1);
  check_rows("x", x, hidden);
  check_rows("memory", memory, hidden);
  const Tensor q = split_heads(query(x), heads);       // [B, A, S, D]
  const Tensor k = split_heads(key(memory), heads);    // [B, A, T, D]
  const Tensor v = split_heads(value(memory), heads);  // [B, A, T, D]

  const Dropout::Draw drop = dropout.draw();
  const AttentionOptions options{
      .mask = over_scores(mask.allowed), .causal = mask.causal, .dropout = drop.p, .seed = drop.seed};
  if (!wants_weights) {
    return {merge_heads(scaled_dot_product_attention(q, k, v, options)), Tensor()};
  }
  const auto [y, weights] = attention_with_weights(q, k, v, options);  // softmax(q k^T / sqrt(D) + mask) v
  return {merge_heads(y), weights};
}

Tensor MultiHeadAttention::context(const Tensor& x, const Tensor& memory, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return attend(x, memory, mask, false).first;
}

Tensor MultiHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                      const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return output(attend(x, memory, mask, false).first);
}

std::pair<Tensor, Tensor> MultiHeadAttention::context_and_weights(const Tensor& x, const Tensor& memory,
                                                                  const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return attend(x, memory, mask, true);
}

std::pair<Tensor, Tensor> MultiHeadAttention::with_weights(const Tensor& x, const Tensor& memory,
                                                           const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const auto [y, weights] = attend(x, memory, mask, true);
  return {output(y), weights};
}

}  // namespace gradus::nn

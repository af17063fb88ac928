#include "nn/attention/single_head.hpp"

namespace gradus::nn {
namespace {

constexpr std::string_view single_head = "single-head attention";

int64_t memory_size(int64_t hidden, const SingleHeadOptions& options) {
  return options.memory_size > 0 ? options.memory_size : hidden;
}

void check_inputs(const Tensor& x, int64_t hidden, const Tensor& memory, int64_t memory_hidden) {
  if (x.rank() != 3 || x.size(2) != hidden) {
    fail<ShapeError>("{}: x must be [B, S, {}], not {}", single_head, hidden, x.shape());
  }
  if (memory.rank() != 3 || memory.size(2) != memory_hidden) {
    fail<ShapeError>("{}: memory must be [B, T, {}], not {}", single_head, memory_hidden, memory.shape());
  }
  if (x.size(0) != memory.size(0)) {
    fail<ShapeError>("{}: x {} and memory {} differ in B", single_head, x.shape(), memory.shape());
  }
}

}  // namespace

SingleHeadAttention::SingleHeadAttention(int64_t hidden, int64_t head_size, Rng& rng,
                                         const SingleHeadOptions& options)
    : query(child("query", Linear(hidden, head_size, rng, {.init = options.init, .bias = options.bias}))),
      key(child("key", Linear(memory_size(hidden, options), head_size, rng,
                              {.init = options.init, .bias = options.bias}))),
      value(child("value", Linear(memory_size(hidden, options), head_size, rng,
                                  {.init = options.init, .bias = options.bias}))),
      score(child("score", AttentionScore(options.score, head_size, head_size, rng, {.init = options.init}))),
      dropout(child("dropout", Dropout(options.dropout))) {}

std::pair<Tensor, Tensor> SingleHeadAttention::attend(const Tensor& x, const Tensor& memory,
                                                      const AttentionMask& mask, bool wants_weights) const {
  check_inputs(x, query.weight.size(1), memory, key.weight.size(1));
  const Tensor q = query(x), k = key(memory), v = value(memory);  // [B, S, D], [B, T, D], [B, T, D]
  const Dropout::Mask drop = dropout.next_mask();
  AttentionOptions options{
      .mask = over_scores(mask, 3, single_head), .causal = mask.causal, .dropout = drop.p, .seed = drop.seed};
  if (score.kind != ScoreKind::scaled_dot || wants_weights) {
    return attention_from_scores(score(q, k), v, options);
  }
  // The fused op wants an axis of heads: one head is [B, 1, S, D], a view.
  if (options.mask.defined()) options.mask = options.mask.unsqueeze(1);
  const Tensor y = scaled_dot_product_attention(q.unsqueeze(1), k.unsqueeze(1), v.unsqueeze(1), options);
  return {y.squeeze(1), Tensor()};
}

Tensor SingleHeadAttention::operator()(const Tensor& x, const Tensor& memory,
                                       const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return attend(x, memory, mask, false).first;
}

std::pair<Tensor, Tensor> SingleHeadAttention::with_weights(const Tensor& x, const Tensor& memory,
                                                            const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return attend(x, memory, mask, true);
}

}  // namespace gradus::nn

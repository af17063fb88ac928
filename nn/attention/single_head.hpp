/// @file
/// Attention with one head.
#pragma once

#include <utility>

#include "nn/attention/attention_mask.hpp"
#include "nn/attention/attention_score.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"

namespace gradus::nn {

struct SingleHeadOptions {
  ScoreKind score = ScoreKind::scaled_dot;
  int64_t memory_size = 0;  ///< the width of what keys and values are made from, if it is not H
  double dropout = 0;       ///< on the attention probabilities
  bool bias = true;         ///< of the three projections
  Init init = init::xavier_uniform();
};

/// softmax(score(q, k) + mask) v with q = x W_q^T + b_q, and k and v made in the same way from what is
/// looked at (Vaswani et al. 2017, section 3.2, for one head; the score may be any of
/// nn/attention/attention_score.hpp).
///
///     Rng rng(1);
///     const SingleHeadAttention attention(8, 4, rng, {.score = ScoreKind::additive});
///     const Tensor y = attention(x, {.causal = true});                  // x [B, S, 8] -> [B, S, 4]
///     const auto [z, weights] = attention.with_weights(x, memory);      // memory [B, T, 8]
///
/// Parameters: query, key and value, and those of the score ("score.weight"). The scaled dot runs in one
/// fused kernel unless weights are wanted.
class SingleHeadAttention : public Module {
 public:
  /// From H numbers a token to `head_size` D.
  SingleHeadAttention(int64_t hidden, int64_t head_size, Rng& rng, const SingleHeadOptions& options = {});

  /// Self-attention: x [B, S, H] -> [B, S, D].
  Tensor operator()(const Tensor& x, const AttentionMask& mask = {}) const { return (*this)(x, x, mask); }

  /// Cross-attention: queries from x [B, S, H], keys and values from memory [B, T, M] -> [B, S, D].
  /// @throws ShapeError or DTypeError that names what does not fit.
  Tensor operator()(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {}) const;

  /// The result and the probabilities (after dropout) [B, S, T].
  std::pair<Tensor, Tensor> with_weights(const Tensor& x, const Tensor& memory,
                                         const AttentionMask& mask = {}) const;

  const Linear query, key, value;  ///< weights [D, H], [D, M], [D, M]
  const AttentionScore score;
  const Dropout dropout;

 private:
  std::pair<Tensor, Tensor> attend(const Tensor& x, const Tensor& memory, const AttentionMask& mask,
                                   bool wants_weights) const;
};

}  // namespace gradus::nn

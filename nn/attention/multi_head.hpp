/// @file
/// Multi-head attention (Vaswani et al. 2017, section 3.2.2).
#pragma once

#include <optional>
#include <utility>

#include "nn/attention/attention_mask.hpp"
#include "nn/attention/attention_score.hpp"
#include "nn/dropout.hpp"
#include "nn/linear.hpp"

namespace gradus::nn {

/// [B, S, H] -> [B, A, S, D] with D = H / A: each head sees its own D of the H numbers. A view: no copy.
Tensor split_heads(const Tensor& x, int64_t heads);

/// [B, A, S, D] -> [B, S, H]: the inverse. A view where the memory lies as [B, S, A, D].
Tensor merge_heads(const Tensor& x);

struct MultiHeadOptions {
  ScoreKind score = ScoreKind::scaled_dot;  ///< each head scores with parameters of its own, if any
  bool gated = false;  ///< multiplies each head's result by a sigmoid gate (Qiu et al. 2025)
  double dropout = 0;  ///< on the attention probabilities
  Init init = init::xavier_uniform();
};

/// What queries attend to, made once for any number of queries: [B, A, T, D] each. The field says kv, and KV
/// cache where they are kept from word to word.
struct KeysAndValues {
  Tensor keys, values;
};

/// Concat(head_1, ..., head_A) W_o + b_o with head_a = softmax(score(q_a, k_a) + mask) v_a, where the score
/// is q_a k_a^T / sqrt(D) unless another is asked for.
///
/// Gated: head_a is first multiplied, number by number, by sigmoid(x W_g^T), its D columns, with x the input
/// of the queries (Qiu et al. 2025, "Gated Attention for Large Language Models", section 2.2: the
/// element-wise gate of each head after attention). A head can then add nothing, without a token to put
/// its weight on.
///
/// The parameters are named as in Hugging Face's BERT: self.query, self.key, self.value, output.dense. They
/// are made in this order, so that in a ParameterArena the first three weights are one matrix [3H, H]. A
/// score's own are named self.score.*, the gate self.gate.weight.
class MultiHeadAttention : public Module {
 public:
  /// @throws ShapeError if `hidden` is not divisible by `heads`.
  MultiHeadAttention(int64_t hidden, int64_t heads, Rng& rng, const MultiHeadOptions& options = {});

  /// Self-attention: x [B, S, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const AttentionMask& mask = {}) const { return (*this)(x, x, mask); }

  /// Cross-attention: queries from x [B, S, H], keys and values from memory [B, T, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {}) const;

  /// The result and the probabilities (after dropout) [B, A, S, T].
  std::pair<Tensor, Tensor> with_weights(const Tensor& x, const Tensor& memory,
                                         const AttentionMask& mask = {}) const;

  /// The projections of what is attended to: memory [B, T, H] -> keys and values. A decoder keeps them.
  KeysAndValues project(const Tensor& memory) const;

  /// The heads' results side by side, before `output`: [B, S, H]. Queries from x [B, S, H], keys and values
  /// from memory [B, T, H] or projected before. `weights`, if given, gets the probabilities (after dropout)
  /// [B, A, S, T], which the fused op does not make.
  Tensor attend(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {},
                Tensor* weights = nullptr) const;
  Tensor attend(const Tensor& x, const KeysAndValues& kv, const AttentionMask& mask = {},
                Tensor* weights = nullptr) const;

  const int64_t heads;
  const Linear query, key, value, output;
  const AttentionScore score;
  const std::optional<Linear> gate;  ///< W_g [H, H], no bias; only if gated
  const Dropout dropout;

 private:
  struct Projected {
    Tensor q;  ///< [B, A, S, D]
    KeysAndValues kv;
  };
  Tensor queries(const Tensor& x) const;
  KeysAndValues keys_and_values(const Tensor& memory) const;
  Tensor context(const Tensor& x, const Projected& made, const AttentionMask& mask,
                 Tensor* weights = nullptr) const;
};

}  // namespace gradus::nn

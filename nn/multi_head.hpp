/// @file
/// Multi-head attention (Vaswani et al. 2017, section 3.2.2).
#pragma once

#include <utility>

#include "nn/dropout.hpp"
#include "nn/linear.hpp"

namespace gradus::nn {

/// [B, S, H] -> [B, A, S, D] with D = H / A: each head sees its own D of the H numbers. A view: no copy.
Tensor split_heads(const Tensor& x, int64_t heads);

/// [B, A, S, D] -> [B, S, H]: the inverse. A view where the memory lies as [B, S, A, D].
Tensor merge_heads(const Tensor& x);

/// Which keys a query may look at.
struct AttentionMask {
  /// bool, true where a key may be seen: [B, T] (padding), [B, S, T], or [B, A, S, T]. Undefined: all.
  Tensor allowed = {};
  bool causal = false;  ///< query i sees the keys 0 ... i + T - S only
};

struct MultiHeadOptions {
  double dropout = 0.1;  ///< on the attention probabilities
  Init init = init::xavier_uniform();
};

/// Concat(head_1, ..., head_A) W_o + b_o with head_a = softmax(q_a k_a^T / sqrt(D) + mask) v_a.
///
/// The parameters are named as in Hugging Face's BERT: self.query, self.key, self.value, output.dense. In
/// this order they are made, so that in a ParameterArena the three first weights are one matrix [3H, H].
class MultiHeadAttention : public Module {
 public:
  /// Throws ShapeError if `hidden` is not divisible by `heads`.
  MultiHeadAttention(int64_t hidden, int64_t heads, Rng& rng, const MultiHeadOptions& options = {});

  /// Self-attention: x [B, S, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const AttentionMask& mask = {}) const { return (*this)(x, x, mask); }

  /// Cross-attention: queries from x [B, S, H], keys and values from memory [B, T, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {}) const;

  /// The heads' results side by side, before `output`: [B, S, H]. For a fused op that follows.
  Tensor context(const Tensor& x, const Tensor& memory, const AttentionMask& mask = {}) const;

  /// The same with the probabilities (after dropout) [B, A, S, T].
  std::pair<Tensor, Tensor> context_and_weights(const Tensor& x, const Tensor& memory,
                                                const AttentionMask& mask = {}) const;

  /// The result and the probabilities (after dropout) [B, A, S, T].
  std::pair<Tensor, Tensor> with_weights(const Tensor& x, const Tensor& memory,
                                         const AttentionMask& mask = {}) const;

  const int64_t heads;
  const Linear query, key, value, output;
  const Dropout dropout;

 private:
  std::pair<Tensor, Tensor> attend(const Tensor& x, const Tensor& memory, const AttentionMask& mask,
                                   bool wants_weights) const;
};

}  // namespace gradus::nn

/// @file
/// The Transformer encoder (Vaswani et al. 2017, section 3.1; BERT: Devlin et al. 2018, section 3).
#pragma once

#include <vector>

#include "nn/attention/multi_head.hpp"
#include "nn/transformer/feed_forward.hpp"
#include "nn/transformer/layer_stack.hpp"
#include "nn/transformer/residual.hpp"

namespace gradus::nn {

/// The vectors of x [B, S, H] at `positions` (i64 [n], b * S + s): [n, H].
/// @throws IndexError that names a position outside x.
Tensor gather_rows(const Tensor& x, const Tensor& positions);

struct EncoderOptions {
  int64_t hidden = 128;                             ///< H
  int64_t heads = 2;                                ///< A
  int64_t intermediate = 512;                       ///< I
  int64_t layers = 2;                               ///< L
  FeedForwardKind feed_forward = Activation::gelu;  ///< or FeedForwardKind::swiglu, ...
  double hidden_dropout = 0.1;                      ///< on what each half of a layer adds
  double attention_dropout = 0.1;                   ///< on the attention probabilities
  double layer_norm_eps = 1e-12;
  Init init = init::normal(0.02);           ///< of every weight matrix
  ScoreKind score = ScoreKind::scaled_dot;  ///< of attention
  bool gated = false;                       ///< each head's result times a sigmoid gate
  bool pre_norm = false;                    ///< see Residual; BERT is post-norm

  MultiHeadOptions attention() const { return {score, gated, attention_dropout, init}; }
  ResidualOptions residual() const { return {hidden_dropout, layer_norm_eps, pre_norm}; }
};

/// Attention, then feed-forward, each in a residual sub-layer:
///
///     post-norm   x = LN(x + drop(attention(x))),  x = LN(x + drop(feed_forward(x)))
///     pre-norm    x = x + drop(attention(LN(x))),  x = x + drop(feed_forward(LN(x)))
///
/// The parameters are named as in Hugging Face's BERT: attention.self.query ... output.LayerNorm.
class EncoderLayer : public Module {
 public:
  EncoderLayer(const EncoderOptions& options, Rng& rng);

  /// x [B, S, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const AttentionMask& mask = {}) const;

  /// The result at `positions` only: [n, H], the same numbers as gather_rows of the whole. What follows
  /// attention works on each token by itself, so it is left out for the others.
  Tensor at_positions(const Tensor& positions, const Tensor& x, const AttentionMask& mask = {}) const;

  /// The result and the attention probabilities [B, A, S, S].
  std::pair<Tensor, Tensor> with_weights(const Tensor& x, const AttentionMask& mask = {}) const;

  const MultiHeadAttention attention;  ///< "attention"
  const Residual around_attention;     ///< "attention.output"
  const FeedForward feed_forward;      ///< "intermediate.dense", "output.dense"
  const Residual around_feed_forward;  ///< "output"

 private:
  Tensor run(const Tensor& x, const Residual::Sublayer& attend) const;
};

/// What an encoder keeps on the way. Attention probabilities are slower: the fused op does not store them.
struct TraceOptions {
  bool hidden_states = true, attentions = true;
};

struct EncoderTrace {
  Tensor last;                        ///< the result [B, S, H]
  std::vector<Tensor> hidden_states;  ///< x and what each layer made of it: L + 1 of [B, S, H]
  std::vector<Tensor> attentions;     ///< L of [B, A, S, S]
};

/// L layers on top of each other: layer.0, layer.1, ... With pre-norm a last LayerNorm, "LayerNorm", follows.
class Encoder : public LayerStack<EncoderLayer> {
 public:
  Encoder(const EncoderOptions& options, Rng& rng);

  /// x [B, S, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const AttentionMask& mask = {}) const;

  /// The same at `positions` only (i64 [n], b * S + s): [n, H]. The last layer is then cheaper: BERT's loss
  /// looks at the first token and at the masked ones, one in six.
  Tensor at_positions(const Tensor& positions, const Tensor& x, const AttentionMask& mask = {}) const;

  /// The same, keeping what `wants` asks for on the way.
  EncoderTrace trace(const Tensor& x, const AttentionMask& mask = {}, const TraceOptions& wants = {}) const;
};

}  // namespace gradus::nn

/// @file
/// The Transformer decoder (Vaswani et al. 2017, section 3.1): each position sees the ones before it, and all
/// of a memory that an encoder made.
#pragma once

#include "nn/transformer/encoder.hpp"

namespace gradus::nn {

/// The same sizes and choices as an encoder's.
using DecoderOptions = EncoderOptions;

/// What may be seen, beside causality: bool, true for a token, false for padding; undefined: all.
struct DecoderMask {
  Tensor target = {};  ///< [B, S], of the decoder's own tokens
  Tensor memory = {};  ///< [B, T], of the encoder's
};

/// Causal self-attention, cross-attention, feed-forward, each in a residual sub-layer:
///
///     post-norm   x = LN(x + drop(self(x))),  x = LN(x + drop(cross(x, memory))),  x = LN(x + drop(ff(x)))
///     pre-norm    x = x + drop(self(LN(x))) and so on
///
/// In cross-attention the queries come from x, keys and values from the encoder's memory. The parameters are
/// named as in Hugging Face's BERT with cross-attention: attention.*, crossattention.*, intermediate.dense,
/// output.*.
class DecoderLayer : public Module {
 public:
  DecoderLayer(const DecoderOptions& options, Rng& rng);

  /// x [B, S, H], memory [B, T, H] -> [B, S, H].
  Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderMask& mask = {}) const;

  struct Weighted {
    Tensor result;           ///< [B, S, H]
    Tensor self_attention;   ///< probabilities [B, A, S, S], 0 above the diagonal
    Tensor cross_attention;  ///< [B, A, S, T]: which words of the memory each word looks at
  };
  Weighted with_weights(const Tensor& x, const Tensor& memory, const DecoderMask& mask = {}) const;

  /// Keys and values made so far: of the tokens [B, A, S, D], and of the memory [B, A, T, D].
  struct State {
    KeysAndValues self, cross;
  };
  State start(const Tensor& memory) const;
  /// The next tokens x [B, N, H], after those that `state` knows -> [B, N, H]. Adds them to the state.
  /// @throws ShapeError if x has not as many rows as the state; whatever is thrown, the state is as it was.
  Tensor next(const Tensor& x, State& state, const Tensor& memory_mask = {}) const;

  const MultiHeadAttention attention;  ///< "attention"
  const Residual around_attention;     ///< "attention.output"
  const MultiHeadAttention cross;      ///< "crossattention"
  const Residual around_cross;         ///< "crossattention.output"
  const FeedForward feed_forward;      ///< "intermediate.dense", "output.dense"
  const Residual around_feed_forward;  ///< "output"

 private:
  Tensor run(const Tensor& x, const Residual::Sublayer& attend_self,
             const Residual::Sublayer& attend_memory) const;
};

/// What a decoder remembers from token to token, so that the tokens before are not computed again.
struct DecoderState {
  std::vector<DecoderLayer::State> layers;
  Tensor memory_mask;  ///< bool [B, T], or undefined
  int64_t length = 0;  ///< tokens so far

  /// Row b becomes what was row rows[b]: i64 [B']. To drop sentences that have ended, or to follow beams.
  void select(const Tensor& rows);
};

/// The result of every layer's attention, for looking at.
struct DecoderTrace {
  Tensor last;                                            ///< the result [B, S, H]
  std::vector<Tensor> self_attentions, cross_attentions;  ///< L of [B, A, S, S] and of [B, A, S, T]
};

/// L layers on top of each other: layer.0, layer.1, ... With pre-norm a last LayerNorm, "LayerNorm", follows.
class Decoder : public LayerStack<DecoderLayer> {
 public:
  Decoder(const DecoderOptions& options, Rng& rng);

  /// x [B, S, H], memory [B, T, H] -> [B, S, H]. Position i depends on x[:, 0 ... i] only.
  Tensor operator()(const Tensor& x, const Tensor& memory, const DecoderMask& mask = {}) const;

  DecoderTrace trace(const Tensor& x, const Tensor& memory, const DecoderMask& mask = {}) const;

  /// Token by token, with the numbers of the full pass:
  ///
  ///     DecoderState state = decoder.start(memory);
  ///     y = decoder.next(x.slice(1, 0, 1), state);     // [B, 1, H], then the next, or several at once
  DecoderState start(const Tensor& memory, const Tensor& memory_mask = {}) const;
  Tensor next(const Tensor& x, DecoderState& state) const;
};

}  // namespace gradus::nn

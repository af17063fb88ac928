/// @file
/// The Transformer that reads one sequence and writes another (Vaswani et al. 2017).
#pragma once

#include "nn/embedding.hpp"
#include "nn/positional.hpp"
#include "nn/transformer/decoder.hpp"

namespace gradus::nn {

struct TransformerOptions {
  int64_t source_vocab = 0;  ///< how many different ids there are
  int64_t target_vocab = 0;
  int64_t max_length = 256;    ///< P, of either sequence
  int64_t hidden = 128;        ///< H
  int64_t heads = 4;           ///< A
  int64_t intermediate = 512;  ///< I
  int64_t encoder_layers = 2;
  int64_t decoder_layers = 2;
  FeedForwardKind feed_forward = Activation::relu;
  double dropout = 0.1;  ///< on embeddings, on attention's probabilities, on each sub-layer's result
  double layer_norm_eps = 1e-5;
  bool pre_norm = false;
  bool learned_positions = false;  ///< instead of sinusoids
  bool tied_output = true;         ///< the output projection is the target's embedding (section 3.4)
  int64_t pad_id = 0;              ///< the id that fills up short sequences: never seen, never predicted
};

/// Sequences of different lengths as one i64 tensor [B, longest], filled up with `pad_id`.
Tensor padded(const std::vector<std::vector<int64_t>>& sequences, int64_t pad_id = 0);

/// What enters an encoder or a decoder: ids [B, S] -> drop(weight[ids] * sqrt(H) + positions) [B, S, H]
/// (section 3.4). The weight begins with standard deviation 1 / sqrt(H), so that a number has variance 1.
class TokenEmbedding : public Module {
 public:
  TokenEmbedding(int64_t vocab, const TransformerOptions& options, Rng& rng);

  /// `first` is the position of ids[:, 0].
  Tensor operator()(const Tensor& ids, int64_t first = 0) const;

  int64_t max_length() const;  ///< P, how many positions there are

  const Embedding token;                            ///< "token"
  const SinusoidalPositions sinusoidal;             ///< used unless positions are learned
  const std::optional<LearnedPositions> positions;  ///< "positions"
  const Dropout dropout;
};

/// Encoder, decoder, and a projection to the logits of the target's next id.
///
///     const Transformer model({.source_vocab = 30, .target_vocab = 30}, rng);
///     Tensor loss = model.loss(source, target);              // i64 [B, T] and [B, S]
///     std::vector<Decoded> best = greedy(model, source);     // nn/transformer/decoding.hpp
///
/// A target is begin, words, end, and then padding. The parts are source.*, target.*, encoder.*, decoder.*
/// and output.* (the bias alone if tied).
class Transformer : public Module {
 public:
  /// @throws ShapeError for a vocabulary without ids.
  Transformer(const TransformerOptions& options, Rng& rng);

  /// source i64 [B, T], target i64 [B, S] -> logits [B, S, V]: at position i those of what follows
  /// target[:, 0 ... i].
  Tensor operator()(const Tensor& source, const Tensor& target) const;

  /// The mean cross-entropy of predicting target[:, 1 ...] from what stands before, without padding. Label
  /// smoothing e = 0.1 is the paper's (section 5.4). @throws ShapeError if target is not [B, S] with S >= 2.
  Tensor loss(const Tensor& source, const Tensor& target, double label_smoothing = 0) const;

  /// bool, true where an id is not padding.
  Tensor not_padding(const Tensor& ids) const;

  /// The two halves: source [B, T] -> memory [B, T, H], and target and memory -> logits. `source_mask` is
  /// not_padding(source).
  Tensor encode(const Tensor& source) const;
  Tensor decode(const Tensor& target, const Tensor& memory, const Tensor& source_mask) const;

  /// The same token by token, with the same numbers: the state for a source, then the logits [B, N, V] after
  /// each of the next ids [B, N], which the state remembers.
  DecoderState start(const Tensor& source) const;
  Tensor next(const Tensor& ids, DecoderState& state) const;

  /// The attention of each decoder layer, for looking at: which source word each target word looks at.
  DecoderTrace trace(const Tensor& source, const Tensor& target) const;

  const int64_t pad_id;
  const TokenEmbedding source_embedding, target_embedding;  ///< "source", "target"
  const Encoder encoder;
  const Decoder decoder;
  const Tensor output_weight;  ///< [V, H]; "output.weight", or the target's embedding if tied
  const Tensor output_bias;    ///< [V]; "output.bias"
};

}  // namespace gradus::nn

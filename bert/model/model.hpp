/// @file
/// Bert: token ids to one vector a token.
///
///     Rng rng(1);
///     bert::Config config = bert::Config::named("tiny", /*vocab_size=*/8000);
///     bert::Bert model(config, rng);  // or bert::load_bert(folder).model (bert/checkpoint/checkpoint.hpp)
///     model.eval();                   // no dropout; a fresh model is in training mode
///     const NoGrad no_grad;           // no gradients wanted
///     bert::BertOutput out = model(tensor<int64_t>({2, 57, 918, 3}, Shape{1, 4}));
///     out.last_hidden;                // [1, 4, 128]: a vector for each token, in its context
///     out.pooled;                     // [1, 128]: tanh(W h[CLS] + b)
///
/// Letters in shapes: B sequences in the batch, S tokens in each, H hidden size, A heads, L layers, V pieces
/// in the vocabulary, P positions. Parameters are named as in Hugging Face's BertModel: names are the keys of
/// checkpoints. The models with a task on top are in bert/model/heads.hpp.
#pragma once

#include <optional>
#include <vector>

#include "bert/model/config.hpp"
#include "bert/model/embeddings.hpp"
#include "bert/model/forward.hpp"
#include "nn/transformer/encoder.hpp"

namespace gradus::bert {

/// tanh(W h[:, 0] + b): one vector a sequence, from its first token, [CLS].
class Pooler : public nn::Module {
 public:
  Pooler(const Config& config, Rng& rng);

  Tensor operator()(const Tensor& hidden) const;  ///< [B, S, H] -> [B, H]
  /// The same from the first tokens alone: [B, H] -> [B, H].
  Tensor of_first(const Tensor& first_tokens) const;

  const nn::Linear dense;  ///< [H, H]
};

/// What a forward pass gives.
struct BertOutput {
  Tensor last_hidden;                 ///< [B, S, H] of the last layer
  Tensor pooled;                      ///< [B, H]; not defined for a model without a pooler
  std::vector<Tensor> hidden_states;  ///< L + 1 of [B, S, H], the embeddings first; only if asked for
  std::vector<Tensor> attentions;     ///< L of [B, A, S, S], rows sum to 1; only if asked for
};

/// The bare model (Devlin et al. 2018): embeddings, encoder, pooler.
class Bert : public nn::Module {
 public:
  /// A fresh model, drawn from `rng`. @throws ValueError if the config has a problem().
  Bert(const Config& config, Rng& rng, bool with_pooler = true);

  /// input_ids: i64 [B, S], each in [0, V), S at most P.
  /// token_type_ids: i64 [B, S], 0 for the first segment and 1 for the second; undefined: all 0.
  /// attention_mask: i64 or bool [B, S], 0 for padding, which no token then looks at; undefined: no padding.
  /// @throws IndexError that names the id or length out of range; ShapeError or DTypeError for other tensors.
  BertOutput operator()(const Tensor& input_ids, const Tensor& token_type_ids = {},
                        const Tensor& attention_mask = {}, const ForwardOptions& options = {}) const;

  /// The last layer's vectors at `positions` only: i64 [n], b * S + s -> [n, H]. Cheaper than all of them.
  /// With position_ids (i64 [B, S], each below P) a row may hold several texts: attention_mask then numbers
  /// them 1, 2, ... and a token looks at those of its own number only.
  Tensor at_positions(const Tensor& positions, const Tensor& input_ids, const Tensor& token_type_ids = {},
                      const Tensor& attention_mask = {}, const Tensor& position_ids = {}) const;

  const Config config;
  const Embeddings embeddings;
  const nn::Encoder encoder;
  const std::optional<Pooler> pooler;

 private:
  Tensor embed(const Tensor& input_ids, const Tensor& token_type_ids, const Tensor& attention_mask,
               const Tensor& position_ids = {}) const;
};

/// The mask [B, 1, 1, S] (bool) that attention takes for an attention_mask [B, S]. Not defined if there is
/// no padding: attention is quicker without a mask.
Tensor padding_mask(const Tensor& attention_mask);

/// The mask [B, 1, S, S] (bool) of rows that hold several texts, of which attention_mask (i64 [B, S]) has the
/// numbers: true where query and key have the same.
Tensor packed_mask(const Tensor& attention_mask);

}  // namespace gradus::bert

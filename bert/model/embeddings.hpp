/// @file
/// Embeddings: what enters the first layer of BERT.
#pragma once

#include "bert/model/config.hpp"
#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "nn/layer_norm.hpp"
#include "nn/positional.hpp"

namespace gradus::bert {

/// dropout(LayerNorm(word[id] + token_type[type] + position[p])) (Devlin et al. 2018, figure 2), where p is 0
/// ... S - 1 unless the call says otherwise.
class Embeddings : public nn::Module {
 public:
  Embeddings(const Config& config, Rng& rng);

  /// input_ids and token_type_ids: i64 [B, S] -> [B, S, H]. position_ids, if defined: i64 [B, S], each below
  /// P.
  /// @throws IndexError that names an id at or above V, a type at or above T, or a sequence longer than P.
  Tensor operator()(const Tensor& input_ids, const Tensor& token_type_ids,
                    const Tensor& position_ids = {}) const;

  const nn::Embedding word_embeddings;               ///< [V, H]
  const nn::LearnedPositions position_embeddings;    ///< [P, H]
  const nn::SegmentEmbedding token_type_embeddings;  ///< [T, H]
  const nn::LayerNorm norm;                          ///< "LayerNorm"
  const nn::Dropout dropout;
};

}  // namespace gradus::bert

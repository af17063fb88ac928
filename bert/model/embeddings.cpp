#include "bert/model/embeddings.hpp"

#include "bert/model/init.hpp"

namespace gradus::bert {
namespace {

nn::Init position_init(const Config& config) {
  return config.init.sinusoidal_positions ? sinusoidal_init(config.initializer_range) : weight_init(config);
}

}  // namespace

Embeddings::Embeddings(const Config& config, Rng& rng)
    : word_embeddings(child("word_embeddings", nn::Embedding(config.vocab_size, config.hidden_size, rng,
                                                             {weight_init(config), config.pad_token_id}))),
      position_embeddings(
          child("position_embeddings", nn::LearnedPositions(config.max_position_embeddings,
                                                            config.hidden_size, rng, position_init(config)))),
      token_type_embeddings(
          child("token_type_embeddings",
                nn::SegmentEmbedding(config.type_vocab_size, config.hidden_size, rng, weight_init(config)))),
      norm(child("LayerNorm", nn::LayerNorm(config.hidden_size, config.layer_norm_eps))),
      dropout(child("dropout", nn::Dropout(config.hidden_dropout_prob))) {}

Tensor Embeddings::operator()(const Tensor& input_ids, const Tensor& token_type_ids,
                              const Tensor& position_ids) const {
  const ModuleScope scope = enter();
  if (position_ids.defined()) {
    return dropout(norm(embedding(word_embeddings.weight, input_ids) +
                        embedding(token_type_embeddings.weight, token_type_ids) +
                        embedding(position_embeddings.weight, position_ids)));
  }
  return dropout(norm(embedding_sum(word_embeddings.weight, token_type_embeddings.weight,
                                    position_embeddings.weight, input_ids, token_type_ids)));
}

}  // namespace gradus::bert

/// @file
/// Chapter 21: the loss of a BERT's pretraining step, written out op by op, so that each fusion can be
/// switched on and off. The parameters are those of the library's model.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <utility>

#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "bert/model/heads.hpp"
#include "counting.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::tutorials::speed {

struct Switches {
  bool bias_gelu = true;      ///< bias and GELU in one pass
  bool residual_norm = true;  ///< bias, residual and LayerNorm in one pass
  bool attention = true;      ///< scores, softmax and weighted mean, a head's tile at a time
  bool loss = true;           ///< softmax and its loss in one pass
  bool embedding = true;      ///< three tables in one pass
  bool gathered = true;       ///< the decoder sees the masked places only
  bool early = true;          ///< and so does the end of the last layer
};

/// A way to switch off one of them, each with its name; and all.
inline const std::vector<std::pair<std::string, Switches>>& switched_off() {
  static const std::vector<std::pair<std::string, Switches>> all = [] {
    std::vector<std::pair<std::string, Switches>> made;
    const auto without = [&](const std::string& name, bool Switches::*part) {
      Switches on;
      on.*part = false;
      made.emplace_back(name, on);
    };
    made.emplace_back("all on", Switches{});
    without("bias and GELU in three", &Switches::bias_gelu);
    without("bias, residual, LayerNorm apart", &Switches::residual_norm);
    without("attention in four", &Switches::attention);
    without("softmax and loss apart", &Switches::loss);
    without("three tables apart", &Switches::embedding);
    without("last layer for all places", &Switches::early);
    Switches every_place;
    every_place.gathered = every_place.early = false;
    made.emplace_back("decoder for all places", every_place);
    made.emplace_back("all off", Switches{false, false, false, false, false, false, false});
    return made;
  }();
  return all;
}

inline bert::Config config_of(const StepSizes& s) {
  bert::Config config = bert::Config::named("tiny", s.vocabulary);
  config.hidden_size = s.hidden;
  config.intermediate_size = s.intermediate();
  config.num_hidden_layers = s.layers;
  config.max_position_embeddings = s.length;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  return config;
}

/// Random pieces, of which s.masked at random places are asked for: what a step costs does not depend on the
/// words.
inline bert::PretrainingBatch random_batch(const StepSizes& s, uint64_t seed = 1) {
  Rng rng(seed);
  bert::PretrainingBatch batch;
  batch.rows = s.batch;
  batch.length = s.length;
  for (int64_t at = 0; at < s.batch * s.length; ++at) {
    batch.input_ids.push_back(rng.between(0, s.vocabulary - 1));
    batch.token_type_ids.push_back(at % s.length < s.length / 2 ? 0 : 1);
    batch.attention_mask.push_back(1);
    batch.masked_positions.push_back(at);
  }
  rng.shuffle(batch.masked_positions);
  batch.masked_positions.resize(static_cast<size_t>(s.masked));
  std::sort(batch.masked_positions.begin(), batch.masked_positions.end());
  for (const int64_t at : batch.masked_positions)
    batch.masked_labels.push_back(batch.input_ids[static_cast<size_t>(at)]);
  for (int64_t row = 0; row < s.batch; ++row) batch.next_sentence_labels.push_back(row % 2);
  return batch;
}

/// The loss of the step, the same whatever is switched on.
inline Tensor loss_of(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch,
                      const Switches& on = {}) {
  const bert::Config& config = model.bert.config;
  const Shape shape{batch.rows, batch.length};
  const double eps = config.layer_norm_eps;
  const auto gelu_of = on.bias_gelu ? bias_activation : composed::bias_activation;
  const auto cost = on.loss ? cross_entropy : composed::cross_entropy;
  const auto norm = [&](const Tensor& x, const nn::LayerNorm& n) {
    return layer_norm(x, n.weight, n.bias, eps);
  };
  const auto add_and_norm = [&](const Tensor& x, const nn::Linear& last, const nn::Residual& around,
                                const Tensor& past) {
    const auto fused = on.residual_norm ? residual_layer_norm : composed::residual_layer_norm;
    return fused(last.without_bias(x), last.bias, past, around.norm.weight, around.norm.bias, eps, 0, 0);
  };

  const bert::Embeddings& tables = model.bert.embeddings;
  Tensor x = (on.embedding ? embedding_sum : composed::embedding_sum)(
      tables.word_embeddings.weight, tables.token_type_embeddings.weight, tables.position_embeddings.weight,
      tensor(batch.input_ids, shape), tensor(batch.token_type_ids, shape));
  x = norm(x, tables.norm);  // [B, S, H]

  std::vector<int64_t> wanted;  // the first place of each row, and the masked ones
  for (int64_t row = 0; row < batch.rows; ++row) wanted.push_back(row * batch.length);
  wanted.insert(wanted.end(), batch.masked_positions.begin(), batch.masked_positions.end());
  const Tensor places = tensor(wanted);

  const auto& layers = model.bert.encoder.layers;
  for (size_t i = 0; i < layers.size(); ++i) {
    const nn::MultiHeadAttention& heads = layers[i].attention;
    const auto split = [&](const nn::Linear& map) { return nn::split_heads(map(x), heads.heads); };
    const Tensor q = split(heads.query), k = split(heads.key), v = split(heads.value);
    Tensor seen = nn::merge_heads(on.attention ? scaled_dot_product_attention(q, k, v)
                                               : composed::attention(q, k, v).first);
    if (on.early && i + 1 == layers.size()) {  // nobody asks for the other places any more
      seen = nn::gather_rows(seen, places);
      x = nn::gather_rows(x, places);
    }
    const Tensor y = add_and_norm(seen, heads.output, layers[i].around_attention, x);
    const nn::FeedForward& wide = layers[i].feed_forward;
    const Tensor bent = gelu_of(wide.first.without_bias(y), wide.first.bias, Activation::gelu);
    x = add_and_norm(bent, wide.second, layers[i].around_feed_forward, y);
  }
  if (!on.early) x = on.gathered ? nn::gather_rows(x, places) : x.reshape({-1, config.hidden_size});

  const bool all_places = !on.early && !on.gathered;
  const Tensor first =
      all_places ? nn::gather_rows(x, places.slice(0, 0, batch.rows)) : x.slice(0, 0, batch.rows);
  const Tensor asked = all_places ? x : x.slice(0, batch.rows, x.size(0));
  std::vector<int64_t> labels = batch.masked_labels;
  if (all_places) {  // every place is scored, and most of the scores are thrown away
    labels.assign(static_cast<size_t>(batch.rows * batch.length), bert::no_label);
    for (size_t i = 0; i < batch.masked_positions.size(); ++i)
      labels[static_cast<size_t>(batch.masked_positions[i])] = batch.masked_labels[i];
  }
  const bert::MlmHead& head = model.cls.predictions;
  const Tensor turned =
      norm(gelu_of(head.dense.without_bias(asked), head.dense.bias, Activation::gelu), head.norm);
  const Tensor scores = linear(turned, head.decoder_weight, head.bias);  // [n, V]
  const Tensor verdicts = model.cls.seq_relationship(model.bert.pooler->of_first(first));
  return cost(scores, tensor(labels), {.ignore_index = bert::no_label}) +
         cost(verdicts, tensor(batch.next_sentence_labels), {.ignore_index = bert::no_label});
}

}  // namespace gradus::tutorials::speed

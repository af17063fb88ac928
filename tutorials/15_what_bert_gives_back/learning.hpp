/// @file
/// Chapter 15: a small BERT that learns to guess hidden words of the language.
#pragma once

#include <algorithm>
#include <functional>
#include <span>

#include "autograd/autograd.hpp"
#include "bert/data/masking.hpp"
#include "bert/model/heads.hpp"
#include "cranes.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::tutorials::gives_back {

/// Two layers of chapter 9, 32 numbers a token.
inline bert::BertForPreTraining small_bert(uint64_t seed, double dropout = 0) {
  bert::Config config;
  config.vocab_size = vocabulary_size();
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 16;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  config.initializer_range = 0.1;
  config.init.sinusoidal_positions = true;
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// Rows of any lengths as a batch of the library's, filled up with [PAD] to the longest.
inline bert::PretrainingBatch batch_of(const std::vector<Ids>& rows) {
  bert::PretrainingBatch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  for (const Ids& row : rows) batch.lengths.push_back(static_cast<int64_t>(row.size()));
  batch.length = *std::max_element(batch.lengths.begin(), batch.lengths.end());
  for (Ids row : rows) {
    row.resize(static_cast<size_t>(batch.length), pad_id);
    for (const int64_t id : row) batch.attention_mask.push_back(id == pad_id ? 0 : 1);
    batch.input_ids.insert(batch.input_ids.end(), row.begin(), row.end());
  }
  batch.token_type_ids.assign(batch.input_ids.size(), 0);
  batch.next_sentence_labels.assign(rows.size(), bert::no_label);
  return batch;
}

/// `count` fresh sentences, of each 30 % of the words hidden by the rule of chapter 12.
inline bert::PretrainingBatch lesson(int64_t count, Rng& rng) {
  bert::MaskingVocabulary words;
  words.vocabulary_size = vocabulary_size();
  std::vector<uint8_t> is_sign(tokens.size(), 0);
  std::fill_n(is_sign.begin(), signs, uint8_t{1});
  std::vector<int32_t> drawable;
  for (auto id = static_cast<int32_t>(signs); id < vocabulary_size(); ++id) drawable.push_back(id);
  bert::Masker hide(words, is_sign, drawable, {.fraction = 0.3});

  std::vector<Ids> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(sentence(rng));
  bert::PretrainingBatch batch = batch_of(rows);
  for (int64_t b = 0; b < count; ++b) {
    const auto length = static_cast<size_t>(batch.lengths[static_cast<size_t>(b)]);
    hide(std::span(batch.input_ids).subspan(static_cast<size_t>(b * batch.length), length), b * batch.length,
         Rng(rng.below(uint64_t{1} << 62)), batch.masked_positions, batch.masked_labels);
  }
  return batch;
}

/// Adam, on 64 fresh sentences at each step; the rate rises for a tenth of the steps and then falls to 0.
inline void train(const bert::BertForPreTraining& model, uint64_t seed, int64_t steps = 700,
                  const std::function<void(int64_t, double)>& after = {}) {
  const double rate = 6e-3;
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, steps / 10, steps};
  Rng rng(seed);
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor loss = model.loss(lesson(64, rng)).mlm_loss;
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

}  // namespace gradus::tutorials::gives_back

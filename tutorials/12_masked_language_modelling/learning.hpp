/// @file
/// Chapter 12: a small BERT that learns to guess, and how good it is beside counting.
#pragma once

#include <functional>
#include <map>

#include "autograd/autograd.hpp"
#include "bert/evaluation/baselines.hpp"
#include "guessing.hpp"
#include "hiding.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::tutorials::masked {

/// Two layers of chapter 9, 32 numbers a token.
inline bert::BertForPreTraining small_bert(uint64_t seed, double spread = 0.15) {
  bert::Config config;
  config.vocab_size = vocabulary_size();
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 40;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = spread;
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// `count` fresh sentences with fresh masks.
inline bert::PretrainingBatch lesson(int64_t count, Rng& rng, const Rule& rule = {}) {
  std::vector<Hidden> rows;
  for (int64_t i = 0; i < count; ++i) rows.push_back(hide(sentence(rng), rng, rule));
  return batch_of(rows);
}

/// One step's loss from a batch of rows [B, S]; by default the library's, on the chosen places alone.
using LossOf = std::function<Tensor(const bert::BertForPreTraining&, const bert::PretrainingBatch&)>;
inline Tensor loss_of_chosen(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  return model.loss(batch).mlm_loss;
}

/// The scores of all places, [B * S, V].
inline Tensor logits_everywhere(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  const Shape shape{batch.rows, batch.length};
  const Tensor hidden =
      model.bert(tensor(batch.input_ids, shape), {}, tensor(batch.attention_mask, shape)).last_hidden;
  return guesses(hidden.reshape({-1, hidden.size(2)}), weights_of(model));
}

/// The words themselves at every place, chosen or not: what stood there before anything was hidden.
inline Tensor all_words(const bert::PretrainingBatch& batch) {
  std::vector<int64_t> words = batch.input_ids;
  for (size_t i = 0; i < batch.masked_positions.size(); ++i) {
    words[static_cast<size_t>(batch.masked_positions[i])] = batch.masked_labels[i];
  }
  return tensor(words);
}

/// Bug of the museum: every place is asked, the visible ones too.
inline Tensor loss_of_all(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  return mean_surprise(logits_everywhere(model, batch), all_words(batch));
}

/// Adam, on fresh sentences at each step; the rate rises for a tenth of the steps and then falls to 0.
inline void train(const bert::BertForPreTraining& model, int64_t steps, const Rule& rule = {},
                  const LossOf& loss_of = loss_of_chosen,
                  const std::function<void(int64_t, double)>& after = {}) {
  const double rate = 5e-3;
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, steps / 10, steps};
  Rng rng(11);
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor loss = loss_of(model, lesson(64, rng, rule));
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

// ---- How good is it? ----

struct Share {
  int64_t right = 0, all = 0;
  double value() const { return all == 0 ? 0 : static_cast<double>(right) / static_cast<double>(all); }
};

/// The likeliest token of each row of logits.
inline std::vector<int64_t> likeliest(const Tensor& logits) { return argmax(logits, 1).to_vector<int64_t>(); }

/// Who is right at the chosen places of a batch, by the kind of word that stood there.
inline std::map<Kind, Share> right_by_kind(const bert::PretrainingBatch& batch,
                                           const std::vector<int64_t>& guessed) {
  std::map<Kind, Share> shares;
  for (size_t i = 0; i < guessed.size(); ++i) {
    Share& share = shares[kind_of(batch.masked_labels[i])];
    share.right += guessed[i] == batch.masked_labels[i];
    ++share.all;
  }
  return shares;
}

inline Share total(const std::map<Kind, Share>& shares) {
  Share sum;
  for (const auto& [kind, share] : shares) sum.right += share.right, sum.all += share.all;
  return sum;
}

/// What counting knows after `count` sentences: how frequent each word is, and which stand beside which.
inline bert::BigramBaseline neighbours(int64_t count) {
  bert::TokenizedCorpus corpus;
  for (const Row& row : sentences(count, 12)) {
    corpus.add_sentence(std::vector<int32_t>(row.begin() + 1, row.end() - 1));
    corpus.end_document();
  }
  bert::MaskingVocabulary pieces;
  pieces.vocabulary_size = vocabulary_size();
  return bert::BigramBaseline(corpus, pieces);
}

/// The guesses of two neighbours at the chosen places.
inline std::vector<int64_t> guessed_by_neighbours(const bert::BigramBaseline& counts,
                                                  const bert::PretrainingBatch& batch) {
  std::vector<int64_t> out;
  for (const int64_t place : batch.masked_positions) {
    const auto at = static_cast<size_t>(place);
    const std::vector<double> p = counts.distribution(batch.input_ids[at - 1], batch.input_ids[at + 1]);
    out.push_back(std::max_element(p.begin(), p.end()) - p.begin());
  }
  return out;
}

}  // namespace gradus::tutorials::masked

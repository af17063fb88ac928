/// @file
/// Chapter 17: a small BERT that learns to name the noun that "it" means, and to guess hidden words.
#pragma once

#include <algorithm>
#include <functional>

#include "autograd/autograd.hpp"
#include "bert/model/heads.hpp"
#include "meals.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::tutorials::looking_inside {

/// Two layers of two heads, if nothing else is asked, and 32 numbers a token.
inline bert::BertForPreTraining small_bert(uint64_t seed, int64_t layers = 2, int64_t heads = 2) {
  bert::Config config;
  config.vocab_size = vocabulary_size();
  config.hidden_size = 32;
  config.num_hidden_layers = layers;
  config.num_attention_heads = heads;
  config.intermediate_size = 64;
  config.max_position_embeddings = 24;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = 0.1;
  config.init.sinusoidal_positions = true;
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// A row, one of its places, and the word that is wanted there.
struct Asked {
  Ids row;
  int64_t place, answer;
};

/// CaseBatch of any lengths as a batch of the library's, filled up with [PAD] to the longest.
inline bert::PretrainingBatch batch_of(const std::vector<Asked>& all) {
  bert::PretrainingBatch batch;
  batch.rows = static_cast<int64_t>(all.size());
  for (const Asked& one : all) batch.length = std::max(batch.length, static_cast<int64_t>(one.row.size()));
  for (const Asked& one : all) {
    Ids row = one.row;
    batch.lengths.push_back(static_cast<int64_t>(row.size()));
    batch.masked_positions.push_back(std::ssize(batch.input_ids) + one.place);
    batch.masked_labels.push_back(one.answer);
    row.resize(static_cast<size_t>(batch.length), pad_id);
    for (const int64_t id : row) batch.attention_mask.push_back(id == pad_id ? 0 : 1);
    batch.input_ids.insert(batch.input_ids.end(), row.begin(), row.end());
  }
  batch.token_type_ids.assign(batch.input_ids.size(), 0);
  batch.next_sentence_labels.assign(all.size(), bert::no_label);
  return batch;
}

/// A sentence with two nouns of numbers [first, nouns), after an opening of no word, one or two.
inline Case any_case(int64_t first, Rng& rng) {
  Meal meal{rng.between(first, nouns - 1), rng.between(first, nouns - 1), rng.chance(0.5)};
  while (meal.what == meal.who) meal.what = rng.between(first, nouns - 1);
  for (int64_t left = rng.between(0, 2); left > 0; --left)
    meal.opening.push_back(first_opening + rng.between(0, openings - 1));
  return case_of(meal, rng.chance(0.5) ? eater : eaten, rng.between(0, adjectives - 1));
}

/// "a cow ate the ham because it was hungry": which noun could stand for "it"? With nouns of the training.
inline Asked pronoun(Rng& rng) {
  const Case one = any_case(2 * kept_nouns, rng);
  return {one.row, one.it, one.answer()};
}

/// "a dog ate the food because the [MASK] was hungry": with any nouns.
inline Asked said_again(Rng& rng) {
  const Case one = any_case(0, rng);
  Ids row = one.row;
  const auto it = row.begin() + one.it;
  *it = the_id;
  row.insert(it + 1, mask_id);
  return {row, one.it + 1, one.answer()};
}

inline constexpr int64_t usual_steps = 2000;

/// Adam, on 64 fresh sentences at each step, half of them with "it"; the rate rises for a tenth of the steps
/// and then falls to 0.
inline void train(const bert::BertForPreTraining& model, uint64_t seed, int64_t steps = usual_steps,
                  const std::function<void(int64_t, double)>& after = {}) {
  const double rate = 5e-3;
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, steps / 10, steps};
  Rng rng(seed);
  for (int64_t step = 0; step < steps; ++step) {
    std::vector<Asked> lesson;
    for (int i = 0; i < 32; ++i) lesson.push_back(pronoun(rng)), lesson.push_back(said_again(rng));
    optimizer.zero_grad();
    const Tensor loss = model.loss(batch_of(lesson)).mlm_loss;
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

}  // namespace gradus::tutorials::looking_inside

/// @file
/// Chapter 19: tiny BERTs that learn from short letters, and what they say of many rows.
#pragma once

#include <functional>

#include "autograd/autograd.hpp"
#include "bert/tasks/classification.hpp"
#include "bert/tasks/tagging.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "together.hpp"

namespace gradus::tutorials::long_texts {

inline constexpr int64_t slots = 18, room = slots - 2;  ///< of a row; [CLS] and [SEP] take two
inline constexpr int64_t long_length = 80;              ///< pieces of a long letter
inline constexpr int64_t reach = 4;                     ///< from a name to the word that tells what it means

/// One layer of chapter 9, 32 numbers a token, and no more positions than a row has slots.
inline bert::Config small_config() {
  bert::Config config;
  config.vocab_size = static_cast<int64_t>(pieces.size());
  config.hidden_size = 32;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = slots;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = 0.1;
  return config;
}

using Classifier = bert::BertForSequenceClassification;
using Tagger = bert::BertForTokenClassification;

inline Classifier small_classifier(std::vector<std::string> labels, uint64_t seed) {
  Rng rng(seed);
  return Classifier(small_config(), {.labels = std::move(labels)}, rng);
}
inline Tagger small_tagger(uint64_t seed) {
  Rng rng(seed);
  return Tagger(small_config(), {.task = bert::Task::token_classification, .labels = {"person", "place"}},
                rng);
}

// ---- Short letters to learn from ----

inline Ids short_letter(Rng& rng) { return idle_letter(rng.between(room / 2, room), rng); }
inline int64_t any_place(const Ids& letter, Rng& rng) { return rng.between(0, std::ssize(letter) - 1); }

/// Of the sea or of the woods.
inline Letter short_telling(Rng& rng) {
  Ids letter = short_letter(rng);
  const int64_t label = rng.between(0, 1), place = any_place(letter, rng);
  return about(std::move(letter), place, label, rng);
}

/// The same, but one in five tells nothing, and has a label by a coin: letters are like that.
inline Letter short_about(Rng& rng) {
  Letter letter = short_telling(rng);
  if (rng.chance(0.2)) letter.text[static_cast<size_t>(letter.place)] = idle.any(rng);
  return letter;
}

/// Is there anything of the sea? In one of two there is: label 1.
inline Letter short_any(Rng& rng) {
  Ids letter = short_letter(rng);
  const int64_t label = rng.between(0, 1), place = any_place(letter, rng);
  if (label == 1) letter = about(std::move(letter), place, 0, rng).text;
  return {std::move(letter), label, place};
}

/// A name, and a word that tells whose, `reach` before or after it; one in five has no such word.
inline Letter short_named(Rng& rng) {
  Ids letter = short_letter(rng);
  const int64_t label = rng.between(0, 1), low = rng.between(0, std::ssize(letter) - 1 - reach);
  const bool before = rng.chance(0.5);
  const int64_t place = before ? low + reach : low, clue = before ? low : low + reach;
  Letter made = named(letter, place, clue, label, rng);
  if (rng.chance(0.2)) made.text[static_cast<size_t>(clue)] = idle.any(rng);
  return made;
}

// ---- Learning ----

inline bert::TaskInput input_of(const std::vector<bert::TextRow>& rows) {
  std::vector<const bert::TextRow*> pointers;
  for (const bert::TextRow& row : rows) pointers.push_back(&row);
  return bert::to_input(pointers, pad_id);
}

/// The logits of each row, [R, C]; a tagger's are those of the piece at `places`.
inline Tensor logits_of(const Classifier& model, const std::vector<bert::TextRow>& rows,
                        const std::vector<int64_t>&) {
  return model(input_of(rows));
}
inline Tensor logits_of(const Tagger& model, const std::vector<bert::TextRow>& rows,
                        const std::vector<int64_t>& places) {
  const bert::TaskInput input = input_of(rows);
  std::vector<int64_t> positions;
  for (size_t i = 0; i < places.size(); ++i)  // [CLS] stands before the first piece
    positions.push_back(static_cast<int64_t>(i) * input.ids.size(1) + places[i] + 1);
  return model(input, tensor(positions));
}

/// Adam, with a loss of its own for each step; the rate rises for a tenth of the steps and then falls to 0.
inline void descend(const nn::Module& model, int64_t steps, const std::function<Tensor()>& loss_of_step,
                    const std::function<void(int64_t, double)>& after = {}) {
  const double rate = 6e-3;
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, steps / 10, steps};
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.zero_grad();
    const Tensor loss = loss_of_step();
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

/// Learns from 64 fresh letters at each step.
template <class Model>
void train(const Model& model, const std::function<Letter(Rng&)>& lesson, uint64_t seed, int64_t steps,
           const std::function<void(int64_t, double)>& after = {}) {
  Rng rng(seed);
  const auto loss_of_step = [&] {
    std::vector<bert::TextRow> rows;
    std::vector<int64_t> labels, places;
    for (int i = 0; i < 64; ++i) {
      const Letter letter = lesson(rng);
      rows.push_back(row_of(letter.text));
      labels.push_back(letter.label);
      places.push_back(letter.place);
    }
    return cross_entropy(logits_of(model, rows, places), tensor(labels));
  };
  descend(model, steps, loss_of_step, after);
}

}  // namespace gradus::tutorials::long_texts

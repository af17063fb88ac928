/// @file
/// Chapter 13: a small BERT that learns to judge pairs, counting one clue, and how good they are by class.
#pragma once

#include "autograd/autograd.hpp"
#include "judging.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/optimizers/schedule.hpp"
#include "pairs.hpp"

namespace gradus::tutorials::next_sentence {

/// Two layers of chapter 9, 32 numbers a token.
inline bert::BertForPreTraining small_bert(uint64_t seed, double spread = 0.25) {
  bert::Config config;
  config.vocab_size = vocabulary_size();
  config.hidden_size = 32;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 4;
  config.intermediate_size = 64;
  config.max_position_embeddings = 40;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  config.initializer_range = spread;
  config.init.output_from_value = true;  // a head begins by passing on what it looked at
  Rng rng(seed);
  return bert::BertForPreTraining(config, rng);
}

/// `count` pairs from fresh stories.
inline std::vector<Pair> fresh_pairs(int64_t count, bool with_care, Rng& rng) {
  std::vector<Story> all;
  for (int64_t i = 0; i < 2 * count; ++i) all.push_back(story(rng));
  std::vector<Pair> pairs = pairs_of(all, with_care, rng);
  pairs.resize(static_cast<size_t>(count));
  return pairs;
}

/// What a training is like.
struct Lessons {
  int64_t steps = 400;
  bool with_care = true;
  int64_t left_out = bert::no_label;  ///< rows with this label do not count
  uint64_t seed = 11;
  int64_t pairs = 64;  ///< in each step
};

/// Adam, on fresh pairs at each step; the rate rises for a tenth of the steps and then falls to 0.
inline void train(const bert::BertForPreTraining& model, const Lessons& how,
                  const std::function<void(int64_t, double)>& after = {}) {
  const double rate = 3e-3;
  nn::Adam optimizer(model, {.lr = rate});
  const nn::Schedule schedule{nn::Schedule::Kind::cosine, rate, how.steps / 10, how.steps};
  Rng rng(how.seed);
  for (int64_t step = 0; step < how.steps; ++step) {
    const bert::PretrainingBatch batch = batch_of(fresh_pairs(how.pairs, how.with_care, rng));
    optimizer.zero_grad();
    const Tensor loss =
        verdict_loss(verdicts(model, batch), tensor(batch.next_sentence_labels), how.left_out);
    loss.backward();
    optimizer.set_learning_rate(schedule(step));
    optimizer.clipped_step(1.0);
    if (after) after(step + 1, loss.item());
  }
}

// ---- How good is it? ----

/// Right verdicts among the true pairs, among the random ones, and among all.
struct Score {
  int64_t right[2] = {0, 0}, all[2] = {0, 0};
  void add(int64_t label, int64_t said) {
    right[label] += said == label;
    ++all[label];
  }
  double of(int64_t label) const {
    return static_cast<double>(right[label]) / static_cast<double>(all[label]);
  }
  double total() const {
    return static_cast<double>(right[0] + right[1]) / static_cast<double>(all[0] + all[1]);
  }
};

inline Score score_of(const bert::BertForPreTraining& model, const std::vector<Pair>& pairs) {
  const NoGrad no_tape;
  const std::vector<int64_t> said = argmax(verdicts(model, batch_of(pairs)), 1).to_vector<int64_t>();
  Score score;
  for (size_t i = 0; i < pairs.size(); ++i) score.add(pairs[i].label, said[i]);
  return score;
}

/// What somebody looks at who reads nothing else.
using Clue = std::function<int64_t(const Pair&)>;

inline int64_t place_in(const Row& words) {
  for (const int64_t id : words) {
    if (id >= first_thing) return place_of_thing(id);
  }
  return 2;  // it does not say
}
inline int64_t name_in(const Row& words) { return *std::find_if(words.begin(), words.end(), is_name); }

inline const std::vector<std::pair<std::string, Clue>> clues = {
    {"nothing", [](const Pair&) { return 0; }},
    {"the lengths", [](const Pair& p) { return static_cast<int64_t>(100 * p.a.size() + p.b.size()); }},
    {"the first word of B", [](const Pair& p) { return p.b[0]; }},
    {"the places", [](const Pair& p) { return 3 * place_in(p.a) + place_in(p.b); }},
    {"the names", [](const Pair& p) { return static_cast<int64_t>(name_in(p.a) == name_in(p.b)); }}};

/// Says of each pair what was more frequent with its clue in `known`.
inline Score score_of(const Clue& clue, const std::vector<Pair>& known, const std::vector<Pair>& pairs) {
  std::map<int64_t, int64_t> more;  // random ones less true ones
  for (const Pair& pair : known) more[clue(pair)] += pair.label == is_random ? 1 : -1;
  Score score;
  for (const Pair& pair : pairs) score.add(pair.label, more[clue(pair)] > 0 ? is_random : is_next);
  return score;
}

}  // namespace gradus::tutorials::next_sentence

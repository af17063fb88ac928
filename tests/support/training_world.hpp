// A small world to train in: what the tests of runs share.
#pragma once

#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "bert/training/trainer.hpp"

namespace gradus::test {

using namespace gradus::bert;

/// A small text, its tokenizer and a tiny model: all that a run needs.
struct World {
  Tokenizer tokenizer;
  std::shared_ptr<const PretrainingData> training, held_out;
  Config config;

  World() : tokenizer(make_tokenizer()) {
    training = data(40, false);
    held_out = data(10, true);
    config = Config::named("tiny", tokenizer.vocab().size());
    config.num_hidden_layers = 1;
    config.hidden_size = 16;
    config.num_attention_heads = 2;
    config.intermediate_size = 32;
    config.max_position_embeddings = 32;
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0.1;
  }

  static Tokenizer make_tokenizer() {
    WordCounter words;
    words.add(toy_corpus({.stories = 60}));
    VocabTrainerOptions options;
    options.vocab_size = 300;
    return Tokenizer(train_vocab(words, options));
  }

  std::shared_ptr<const PretrainingData> data(int64_t stories, bool held_out_stories,
                                              const PretrainingOptions& options = {.max_length = 32}) const {
    auto corpus = std::make_shared<const TokenizedCorpus>(
        tokenize_corpus(toy_corpus({.stories = stories, .held_out = held_out_stories}), "toy", tokenizer));
    return std::make_shared<const PretrainingData>(corpus, MaskingVocabulary::of(tokenizer), options);
  }

  BertForPreTraining model() const {
    Rng rng(3);
    return {config, rng};
  }

  /// The same weights; nothing is dropped.
  BertForPreTraining model_without_dropout() const {
    Config still = config;
    still.hidden_dropout_prob = still.attention_probs_dropout_prob = 0;
    Rng rng(3);
    return {still, rng};
  }

  TrainerOptions options() const {
    TrainerOptions o;
    o.steps = 24;
    o.slots = 128;
    o.accumulate = 2;
    o.lengths = {{0.5, 16}, {1, 32}};
    o.warmup = 4;
    o.evaluations = 2;
    o.evaluation_rows = 8;
    o.save_steps = 1000;
    o.settings = "test";
    return o;
  }

  /// Steps of four rows of 32 slots, with nothing that changes from step to step.
  TrainerOptions even_steps(int64_t steps) const {
    TrainerOptions o = options();
    o.steps = steps;
    o.slots = 4 * 32;
    o.accumulate = 1;
    o.lengths = {{1, 32}};
    o.warmup = 0;
    o.decay = nn::Schedule::Kind::constant;
    o.clip = 1e9;
    o.report_every = 1;
    return o;
  }
};

}  // namespace gradus::test

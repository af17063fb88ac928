/// @file
/// Chapter 14's texts: the stories of chapter 13, told a little freer, and the library's toy world; each with
/// a vocabulary learnt from it, as chapter 11 does.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "tutorials/13_next_sentence/stories.hpp"

namespace gradus::tutorials::pretraining {

/// A story of chapter 13, a sentence a line. Half of the sentences begin with a word of time, so that a
/// word's place does not tell what it is.
inline std::string told(const next_sentence::Story& story, Rng& rng) {
  static const std::vector<std::string> times = {"now ", "then ", "soon ", "today "};
  std::string text;
  for (const next_sentence::Row& sentence : story) {
    if (rng.chance(0.5)) text += times[rng.below(times.size())];
    text += next_sentence::text_of(sentence) + "\n";
  }
  return text;
}

/// `count` stories with an empty line after each. Those of one place stand together, so that a random B from
/// nearby is of the same place, and chapter 13's worst leak is closed.
inline std::string told_stories(int64_t count, uint64_t seed) {
  using next_sentence::Story;
  std::vector<Story> all = next_sentence::stories(count, seed);
  std::stable_sort(all.begin(), all.end(), [](const Story& x, const Story& y) {
    return next_sentence::place_of(x) < next_sentence::place_of(y);
  });
  Rng rng(seed);
  std::string text;
  for (const Story& one : all) text += told(one, rng) + "\n";
  return text;
}

/// A text to learn from and another of its kind, as tokens of a vocabulary that was learnt from the first.
struct Reading {
  bert::Tokenizer tokenizer;
  bert::MaskingVocabulary pieces;
  std::shared_ptr<const bert::TokenizedCorpus> training, held_out;
};

inline Reading read(const std::string& training, const std::string& held_out) {
  bert::WordCounter words;
  words.add(training);
  bert::VocabTrainerOptions options;
  options.vocab_size = 400;
  const bert::Tokenizer tokenizer(bert::train_vocab(words, options));
  const auto tokens = [&](const std::string& text, const std::string& name) {
    return std::make_shared<const bert::TokenizedCorpus>(bert::tokenize_corpus(text, name, tokenizer));
  };
  return {tokenizer, bert::MaskingVocabulary::of(tokenizer), tokens(training, "the text"),
          tokens(held_out, "the held-out text")};
}

inline Reading read_stories(int64_t count = 20000) {
  return read(told_stories(count, 1), told_stories(600, 2));
}
inline Reading read_toy_world(int64_t count = 20000) {
  return read(bert::toy_corpus({.stories = count, .seed = 1}),
              bert::toy_corpus({.stories = 600, .seed = 2, .held_out = true}));
}

/// Rows of `length` places: pairs as in chapter 13, words hidden as in chapter 12.
inline std::shared_ptr<const bert::PretrainingData> rows_of(
    const std::shared_ptr<const bert::TokenizedCorpus>& corpus, const Reading& reading, int64_t length) {
  bert::PretrainingOptions options{.max_length = length};
  options.short_sequence_probability = 0;
  options.nearby_negatives = 1;
  return std::make_shared<const bert::PretrainingData>(corpus, reading.pieces, options);
}

}  // namespace gradus::tutorials::pretraining

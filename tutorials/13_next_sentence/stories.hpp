/// @file
/// Chapter 13's language: stories of one to five sentences, each about one hero in one place. The first
/// sentence says who it is, "this is tom"; the others say what he does, "tom paints boats".
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "autograd/random.hpp"
#include "bert/data/corpus.hpp"

namespace gradus::tutorials::next_sentence {

/// Ids of tokens.
using Row = std::vector<int64_t>;

/// All tokens; a token's id is its place here. The first five are the signs.
inline const std::vector<std::string> tokens = {
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "this",  "is",     "tom",   "ann",
    "ben",   "eva",   "sam",   "ida",   "sees",   "likes", "paints", "finds", "trees",
    "roses", "ponds", "gates", "boats", "nets",   "ropes", "piers"};
inline constexpr int64_t pad_id = 0, cls_id = 2, sep_id = 3, mask_id = 4, signs = 5;
inline constexpr int64_t this_id = 5, is_id = 6, first_name = 7, first_verb = 13, first_thing = 17;
inline constexpr int64_t names = 6, verbs = 4, things = 4;  ///< `things` of each of the two places

inline int64_t vocabulary_size() { return static_cast<int64_t>(tokens.size()); }
inline bool is_name(int64_t id) { return id >= first_name && id < first_verb; }

/// Sentences of three words each.
using Story = std::vector<Row>;

/// The hero's id, and the place: 0 the garden, 1 the harbour, -1 where a story has one sentence only.
inline int64_t hero_of(const Story& story) { return story[0][2]; }
inline int64_t place_of_thing(int64_t id) { return (id - first_thing) / things; }
inline int64_t place_of(const Story& story) { return story.size() < 2 ? -1 : place_of_thing(story[1][2]); }

inline Story story(Rng& rng) {
  const auto one_of = [&](int64_t first, int64_t count) { return first + rng.between(0, count - 1); };
  const int64_t hero = one_of(first_name, names), place = one_of(0, 2), sentences = one_of(1, 5);
  Story told = {{this_id, is_id, hero}};
  while (static_cast<int64_t>(told.size()) < sentences) {
    told.push_back({hero, one_of(first_verb, verbs), one_of(first_thing + place * things, things)});
  }
  return told;
}

inline std::vector<Story> stories(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<Story> all;
  for (int64_t i = 0; i < count; ++i) all.push_back(story(rng));
  return all;
}

/// Sentences [first, end) of a story, end to end.
inline Row run_of(const Story& story, size_t first, size_t end) {
  Row run;
  for (size_t i = first; i < end; ++i) run.insert(run.end(), story[i].begin(), story[i].end());
  return run;
}

inline std::string text_of(const Row& row) {
  std::string text;
  for (const int64_t id : row) text += (text.empty() ? "" : " ") + tokens[static_cast<size_t>(id)];
  return text;
}

/// The stories as a corpus of the library's.
inline bert::TokenizedCorpus corpus_of(const std::vector<Story>& all) {
  bert::TokenizedCorpus corpus;
  for (const Story& one : all) {
    for (const Row& sentence : one)
      corpus.add_sentence(std::vector<int32_t>(sentence.begin(), sentence.end()));
    corpus.end_document();
  }
  return corpus;
}

}  // namespace gradus::tutorials::next_sentence

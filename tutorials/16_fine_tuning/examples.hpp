/// @file
/// Chapter 16's labelled examples, a few hundred for each task. What is learnt from has half of the words;
/// what is asked has the same words, or the others.
#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "heads.hpp"
#include "rows.hpp"

namespace gradus::tutorials::fine_tuning {

/// To learn from, and to be asked: fresh sentences of the words that were shown, and of the others.
template <class Example>
struct Sets {
  std::vector<Example> training, shown, others;
};

/// `make` is given which words, and random numbers.
template <class Make>
auto sets_of(uint64_t seed, int64_t training, int64_t asked, const Make& make) {
  Rng streams[] = {Rng(seed).split(0), Rng(seed).split(1), Rng(seed).split(2)};
  Sets<decltype(make(Half::all, streams[0]))> sets;
  for (int64_t i = 0; i < training; ++i) sets.training.push_back(make(Half::shown, streams[0]));
  for (int64_t i = 0; i < asked; ++i) sets.shown.push_back(make(Half::shown, streams[1]));
  for (int64_t i = 0; i < asked; ++i) sets.others.push_back(make(Half::others, streams[2]));
  return sets;
}

// ---- 1. Which kind of goods is given? ----

struct Given {
  std::string text;
  TokenRow row;
  int64_t kind;
  Slots good;  ///< the slots of what is given
};

/// The words of a part of a story; the parts of this market are one stretch each.
inline Slots part_of(const Story& story, Part part) {
  const auto first = std::ranges::find(story.parts, part) - story.parts.begin();
  return {first, first + std::ranges::count(story.parts, part) - 1};
}
inline Slots slots_of(const TokenRow& row, Slots words) {
  return {row.words[static_cast<size_t>(words.first)].first, row.words[static_cast<size_t>(words.last)].last};
}

inline Given given(Half half, Rng& rng) {
  const Deal one = deal(half, rng);
  const Story story = tell(one, rng.chance(0.5));
  const TokenRow row = row_of({story.words});
  return {joined(story.words), row, one.given.kind, slots_of(row, part_of(story, Part::given))};
}

// ---- 2. Which words are names? ----

inline const Words tags = {"O", "B-PER", "I-PER", "B-LOC"};

struct Tagged {
  Words words;
  TokenRow row;
  std::vector<int64_t> tags;  ///< of each word
};
inline Tagged tagged(Half half, Rng& rng) {
  Story story;
  story.say({pick(first_names, half, rng)}, Part::person);
  if (rng.chance(0.5)) story.say({pick(stems, Half::all, rng) + pick(family_ends, half, rng)}, Part::person);
  story.say({"misses"});
  for (int i = 0; i < 3; ++i) {
    if (i > 0) story.say({"and"});
    const bool person = rng.chance(0.5);
    story.say({pick(stems, Half::all, rng) + pick(person ? family_ends : town_ends, half, rng)},
              person ? Part::person : Part::town);
  }
  Tagged one{story.words, row_of({story.words}), {}};
  for (size_t i = 0; i < story.parts.size(); ++i) {
    const bool goes_on = i > 0 && story.parts[i - 1] == story.parts[i];
    const Part part = story.parts[i];
    one.tags.push_back(part == Part::none ? 0 : part == Part::town ? 3 : goes_on ? 2 : 1);
  }
  return one;
}

// ---- 3. Gives what, for what, who, and where? ----

struct Asked {
  std::string question, story, answer;
  std::string first_guess;  ///< the first goods of the story, the person or the town, as asked for
  TokenRow row;
  Span span;  ///< the answer's slots
};
inline Asked asked(Half half, Rng& rng) {
  const Deal one = deal(half, rng);
  const Story story = tell(one, rng.chance(0.5));
  const Part parts[] = {Part::given, Part::wanted, Part::given, Part::wanted, Part::person, Part::town};
  const Part part = parts[rng.below(6)];
  const std::map<Part, Words> questions = {{Part::given, {"gives", "what"}},
                                           {Part::wanted, {"for", "what"}},
                                           {Part::person, {"who"}},
                                           {Part::town, {"where"}}};
  const Words& question = questions.at(part);
  const auto text = [&](Part which) {
    const Slots words = part_of(story, which);
    return joined(Words(story.words.begin() + words.first, story.words.begin() + words.last + 1));
  };
  const TokenRow row = row_of({question, story.words});
  const Slots slots = slots_of(row, part_of(story, part));
  return {joined(question),
          joined(story.words),
          text(part),
          text(part == Part::wanted ? Part::given : part),
          row,
          {slots.first, slots.last}};
}

// ---- 4. How many of the two kinds of goods are in both texts? No good is. ----

struct Likeness {
  std::string first_text, second_text;
  TokenRow first, second;
  int64_t score;  ///< 0, 1 or 2
};
inline Likeness likeness(Half half, Rng& rng) {
  std::vector<int64_t> order = {0, 1, 2, 3};
  rng.shuffle(order);
  const int64_t score = rng.between(0, 2);
  // The kinds of the first text are order[0] and order[1]; 2 - score of them are replaced.
  int64_t other[] = {order[score == 0 ? 2 : 0], order[score == 2 ? 1 : 3]};
  if (rng.chance(0.5)) std::swap(other[0], other[1]);
  Deal one = deal(half, order[0], order[1], rng), two = one;
  const auto first_goods = [](const Deal& deal) { return Words{deal.given.words[0], deal.wanted.words[0]}; };
  const auto shared = [&](const std::string& word) { return std::ranges::count(first_goods(one), word) > 0; };
  do two = deal(half, other[0], other[1], rng);
  while (std::ranges::any_of(first_goods(two), shared));
  for (Goods* some : {&one.given, &one.wanted, &two.given, &two.wanted}) some->words.resize(1);
  const Words first = tell(one, rng.chance(0.5)).words, second = tell(two, rng.chance(0.5)).words;
  return {joined(first), joined(second), row_of({first}), row_of({second}), score};
}

}  // namespace gradus::tutorials::fine_tuning

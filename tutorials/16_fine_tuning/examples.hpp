/// @file
/// Chapter 16's labelled examples, a few hundred for each task. What is learnt from is told in one form with
/// half of the words; what is asked has the same words, or the others in the other forms.
#pragma once

#include <algorithm>
#include <utility>

#include "heads.hpp"
#include "market.hpp"

namespace gradus::tutorials::fine_tuning {

/// To learn from, and to be asked: fresh sentences of the words that were shown, and of the others.
template <class Example>
struct Sets {
  std::vector<Example> training, shown, others;
};

/// `make` is given the words, the form and random numbers.
template <class Make>
auto sets_of(uint64_t seed, int64_t training, int64_t asked, const Make& make) {
  Rng rng(seed);
  Sets<decltype(make(Half::all, Form::plain, rng))> sets;
  for (int64_t i = 0; i < training; ++i) sets.training.push_back(make(Half::shown, Form::plain, rng));
  for (int64_t i = 0; i < asked; ++i) sets.shown.push_back(make(Half::shown, Form::plain, rng));
  for (int64_t i = 0; i < asked; ++i)
    sets.others.push_back(make(Half::others, i % 2 == 0 ? Form::town_first : Form::of_town, rng));
  return sets;
}

inline std::pair<Offer, Offer> in_any_order(const Offer& one, const Offer& other, Rng& rng) {
  return rng.chance(0.5) ? std::pair(one, other) : std::pair(other, one);
}

// ---- 1. Which kind of goods is sold? One thing is sold and another one bought. ----

struct Sale {
  std::string text;
  Row row;
  int64_t kind;
  Slots sold;  ///< the slots of the clause that says it
};
inline Sale sale(Half half, Form form, Rng& rng) {
  const int64_t sold = rng.between(0, 3), bought = (sold + rng.between(1, 3)) % 4;
  const auto [first, second] =
      in_any_order(offer(half, sold, true, rng), offer(half, bought, false, rng), rng);
  const Words words = tell_two(first, second, form).words;
  Story clause;
  tell(clause, first, form);
  Sale one{joined(words), row_of({words}), sold, {}};
  const size_t begin = first.sells ? 0 : clause.words.size() + 1;
  const size_t end = first.sells ? clause.words.size() : words.size();
  one.sold = {one.row.words[begin].first, one.row.words[end - 1].last};
  return one;
}

// ---- 2. Which words are names? ----

inline const Words tags = {"O", "B-PER", "I-PER", "B-LOC"};

struct Tagged {
  Words words;
  Row row;
  std::vector<int64_t> tags;  ///< of each word
};
inline Tagged tagged(Half half, Form form, Rng& rng) {
  Story story;
  tell(story, offer(half, rng.between(0, 3), rng.chance(0.5), rng), form);
  Tagged one{story.words, row_of({story.words}), {}};
  for (size_t i = 0; i < story.parts.size(); ++i) {
    const bool goes_on = i > 0 && story.parts[i - 1] == story.parts[i];
    const Part part = story.parts[i];
    one.tags.push_back(part == Part::none ? 0 : part == Part::town ? 3 : goes_on ? 2 : 1);
  }
  return one;
}

// ---- 3. Who, and where? ----

/// The stretches of words that are of a part, in the order of the story.
inline std::vector<Slots> stretches(const Story& story, Part part) {
  std::vector<Slots> all;
  for (size_t i = 0; i < story.parts.size(); ++i) {
    if (story.parts[i] != part) continue;
    const auto at = static_cast<int64_t>(i);
    if (all.empty() || all.back().last != at - 1) all.push_back({at, at});
    all.back().last = at;
  }
  return all;
}

struct Asked {
  std::string question, story, answer;
  std::string first_guess;  ///< the first person or the first town of the story, as asked for
  Row row;
  Span span;  ///< the answer's slots
};
inline Asked asked(Half half, Form form, Rng& rng) {
  std::vector<Offer> offers = {offer(half, rng.between(0, 3), rng.chance(0.5), rng)};
  do offers.resize(1), offers.push_back(offer(half, rng.between(0, 3), rng.chance(0.5), rng));
  while (offers[0].good == offers[1].good);
  const Story story = tell_two(offers[0], offers[1], form);
  const size_t which = rng.below(2);
  const bool who = rng.chance(0.5);
  const Words question = who ? Words{"who", offers[which].sells ? "sells" : "buys", offers[which].good}
                             : Words{"where", "are", offers[which].good};
  const std::vector<Slots> all = stretches(story, who ? Part::person : Part::town);
  const auto text = [&](Slots s) {
    return joined(Words(story.words.begin() + s.first, story.words.begin() + s.last + 1));
  };
  Asked one{joined(question), joined(story.words), text(all[which]), text(all[0]), row_of({question, story.words}),
            {}};
  one.span = {one.row.words[static_cast<size_t>(all[which].first)].first,
              one.row.words[static_cast<size_t>(all[which].last)].last};
  return one;
}

// ---- 4. How many of the two kinds of goods are in both texts? No good is. ----

struct Likeness {
  std::string first_text, second_text;
  Row first, second;
  int64_t score;  ///< 0, 1 or 2
};
inline Likeness likeness(Half half, Form form, Rng& rng) {
  std::vector<int64_t> order = {0, 1, 2, 3};
  rng.shuffle(order);
  const int64_t score = rng.between(0, 2);
  // The kinds of the first text are order[0] and order[1]; 2 - score of them are replaced.
  const int64_t other[] = {order[score == 0 ? 2 : 0], order[score == 2 ? 1 : 3]};
  std::vector<Offer> offers;
  for (const int64_t kind : {order[0], order[1], other[0], other[1]}) {
    const auto used = [&](const Offer& one) {
      return std::ranges::any_of(offers, [&](const Offer& o) { return o.good == one.good; });
    };
    Offer one = offer(half, kind, rng.chance(0.5), rng);
    while (used(one)) one = offer(half, kind, rng.chance(0.5), rng);
    offers.push_back(one);
  }
  const auto [third, fourth] = in_any_order(offers[2], offers[3], rng);
  const Words one = tell_two(offers[0], offers[1], form).words, two = tell_two(third, fourth, form).words;
  return {joined(one), joined(two), row_of({one}), row_of({two}), score};
}

}  // namespace gradus::tutorials::fine_tuning

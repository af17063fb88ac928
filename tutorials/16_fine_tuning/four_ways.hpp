/// @file
/// Chapter 16's measurement: each task on the pretrained body, on the same network without pretraining, and
/// by a guess that needs no network.
#pragma once

#include <array>

#include "bert/evaluation/bag_of_words.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "tuning.hpp"

namespace gradus::tutorials::fine_tuning {

struct AllSets {
  Sets<Given> given;
  Sets<Tagged> names;
  Sets<Asked> questions;
  Sets<Likeness> pairs;
};
inline AllSets all_sets(uint64_t seed, int64_t training = 800, int64_t asked_for = 300) {
  return {sets_of(seed, training, asked_for, given), sets_of(seed + 1, training, asked_for, tagged),
          sets_of(seed + 2, training, asked_for, asked), sets_of(seed + 3, training, asked_for, likeness)};
}

template <class Example>
Some<Example> all_of(const std::vector<Example>& examples) {
  Some<Example> all;
  for (const Example& one : examples) all.push_back(&one);
  return all;
}

// ---- Guesses ----

/// Words and pairs of words, weighed: accuracy.
inline std::vector<double> guess(const std::vector<Given>& training, const std::vector<Given>& examples) {
  const auto columns = [](const std::vector<Given>& all) {
    std::pair<Words, Words> both;
    for (const Given& one : all) {
      both.first.push_back(one.text);
      both.second.push_back(kinds[static_cast<size_t>(one.kind)]);
    }
    return both;
  };
  const auto [texts, labels] = columns(training);
  const auto [more_texts, truth] = columns(examples);
  const bert::BagOfWords bag(texts, labels, {.bigrams = true});
  return {bert::share_right(bag.predict(more_texts), truth)};
}

/// Each word's usual tag: entity F1.
inline std::vector<double> guess(const std::vector<Tagged>& training, const std::vector<Tagged>& examples) {
  std::vector<Words> words;
  for (const Tagged& one : training) words.push_back(one.words);
  const bert::FrequentTags usual(words, TagTask::truth(all_of(training)));
  std::vector<Words> said;
  for (const Tagged& one : examples) said.push_back(usual.tag(one.words));
  return {bert::score_entities(TagTask::truth(all_of(examples)), said).all.f1()};
}

/// The first person for "who", the first town for "where": exact match and F1.
inline std::vector<double> guess(const std::vector<Asked>&, const std::vector<Asked>& examples) {
  Words said;
  for (const Asked& one : examples) said.push_back(one.first_guess);
  return AnswerTask::judge(said, all_of(examples));
}

/// How many words both texts have: Spearman.
inline std::vector<double> guess(const std::vector<Likeness>&, const std::vector<Likeness>& examples) {
  std::vector<double> shared;
  for (const Likeness& one : examples) shared.push_back(bert::word_overlap(one.first_text, one.second_text));
  return {bert::spearman(shared, LikenessTask::wanted(all_of(examples)))};
}

// ---- Side by side ----

/// A figure for words that were shown and for the others, by whom it was reached.
struct Reached {
  std::string task, measure;
  std::array<double, 2> guess{}, random{}, pretrained{};
};

template <class Task>
void four_ways(std::vector<Reached>& all, const std::string& name, const Words& measures, const Task& task,
               const Sets<typename Task::Example>& sets, const bert::Bert& fresh, const bert::Bert& learnt,
               const Course& how, uint64_t seed) {
  const auto from_random = tuned(task, fresh, sets.training, how, seed);
  const auto from_learnt = tuned(task, learnt, sets.training, how, seed);
  for (size_t k = 0; k < measures.size(); ++k) {
    Reached one{name, measures[k]};
    size_t which = 0;
    for (const auto* examples : {&sets.shown, &sets.others}) {
      one.guess[which] = guess(sets.training, *examples)[k];
      one.random[which] = figures(task, from_random, *examples)[k];
      one.pretrained[which++] = figures(task, from_learnt, *examples)[k];
    }
    all.push_back(one);
  }
}

inline std::vector<Reached> all_four_ways(const AllSets& sets, const bert::Bert& fresh,
                                          const bert::Bert& learnt, const Course& how, uint64_t seed) {
  std::vector<Reached> all;
  four_ways(all, "what is given", {"accuracy"}, KindTask{}, sets.given, fresh, learnt, how, seed);
  four_ways(all, "names", {"entity F1"}, TagTask{}, sets.names, fresh, learnt, how, seed);
  four_ways(all, "questions", {"exact match", "F1"}, AnswerTask{}, sets.questions, fresh, learnt, how, seed);
  four_ways(all, "likeness", {"Spearman"}, LikenessTask{}, sets.pairs, fresh, learnt, how, seed);
  return all;
}

}  // namespace gradus::tutorials::fine_tuning

/// @file
/// Chapter 18's texts: things that change hands in the toy world, in pairs that tell the same in none to five
/// of five facts; and a vocabulary learnt from them, as in chapter 11.
#pragma once

#include <cctype>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bert/metrics/correlation.hpp"
#include "bert/tasks/text_rows.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/tasks.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "cosines.hpp"

namespace gradus::tutorials::anisotropy {

/// Texts as rows of tokens: [CLS] ... [SEP].
using Rows = std::vector<bert::TextRow>;

/// Pairs of texts, each with the number of facts that both tell.
struct Pairs {
  std::vector<bert::ToyTextPair> texts;
  Rows first, second;
  std::vector<double> scores;

  /// The form of each text, in the order of all().
  std::vector<std::string> forms() const;

  /// All texts, the first ones before the second ones.
  Rows all() const {
    Rows rows = first;
    rows.insert(rows.end(), second.begin(), second.end());
    return rows;
  }
};

/// What the chapter learns from and is examined on.
struct Handovers {
  bert::Tokenizer tokenizer;
  Pairs training, test;
  Rows stories;  ///< of another kind: sentences of the toy world's stories, from which the network learns
};

inline Rows rows_of(const bert::Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  Rows rows;
  for (const std::string& text : texts)
    rows.push_back(bert::fit_text(tokenizer, text, "", false, {}).rows.front());
  return rows;
}

inline Pairs pairs_of(const bert::Tokenizer& tokenizer, const std::vector<bert::ToyTextPair>& texts) {
  std::vector<std::string> first, second;
  Pairs pairs{texts, {}, {}, {}};
  for (const bert::ToyTextPair& pair : texts) {
    first.push_back(pair.first);
    second.push_back(pair.second);
    pairs.scores.push_back(pair.score);
  }
  pairs.first = rows_of(tokenizer, first);
  pairs.second = rows_of(tokenizer, second);
  return pairs;
}

/// A sentence from each of `count` stories.
inline std::vector<std::string> story_sentences(int64_t count) {
  std::vector<std::string> sentences;
  for (int64_t i = 0; i < count; ++i) {
    const bert::ToyStory story = bert::toy_story({.seed = 9}, i);
    sentences.push_back(story.sentences[static_cast<size_t>(i) % story.sentences.size()].text());
  }
  return sentences;
}

/// `examples` pairs, of which four in five are for training and one in ten for the test, and stories.
inline Handovers handovers(int64_t examples = 10000, int64_t stories = 16000) {
  const bert::ToySplits<bert::ToyTextPair> set = bert::toy_similarity_task({.examples = examples});
  const std::vector<std::string> told = story_sentences(stories);
  bert::WordCounter words;
  for (const bert::ToyTextPair& pair : set.train) words.add(pair.first + " " + pair.second);
  for (const std::string& sentence : told) words.add(sentence);
  bert::VocabTrainerOptions options;
  options.vocab_size = 500;
  const bert::Tokenizer tokenizer(bert::train_vocab(words, options));
  return {tokenizer, pairs_of(tokenizer, set.train), pairs_of(tokenizer, set.test), rows_of(tokenizer, told)};
}

/// How a text tells what it tells, with the facts left out: "in , got from" of "In the hall, Rosa got the red
/// cup from Tom."; he and she are the same.
inline std::string form_of(const std::string& text) {
  static const std::set<std::string> kept = {"gave",  "handed", "got", "took", "grabbed", "was",
                                             "given", "taken",  "had", "to",   "from",    "by",
                                             "in",    "he",     "him", "it"};
  std::string form, word;
  for (const char c : text + " ") {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0) {
      word += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      continue;
    }
    if (word == "she") word = "he";
    if (word == "her") word = "him";
    if (kept.contains(word)) form += word + " ";
    word.clear();
  }
  return form;
}

inline std::vector<std::string> Pairs::forms() const {
  std::vector<std::string> all;
  for (const bert::ToyTextPair& pair : texts) all.push_back(form_of(pair.first));
  for (const bert::ToyTextPair& pair : texts) all.push_back(form_of(pair.second));
  return all;
}

/// The share of the variance of vectors [N, H] that lies between texts of different forms, and not between
/// texts of one form: 1 where the form decides the vector, 0 where it has nothing to do with it.
inline double told_by_form(const Tensor& vectors, const std::vector<std::string>& forms) {
  std::map<std::string, std::vector<int64_t>> groups;
  for (size_t i = 0; i < forms.size(); ++i) groups[forms[i]].push_back(static_cast<int64_t>(i));
  const Tensor centred = vectors - mean(vectors, Axes{0});
  double between = 0;
  for (const auto& [form, rows] : groups) {
    const Tensor middle = mean(index_select(centred, 0, tensor(rows)), Axes{0});
    between += static_cast<double>(rows.size()) * sum(middle * middle).item();
  }
  return between / sum(centred * centred).item();
}

/// Spearman's correlation of the cosines of pairs of vectors with the scores: both sides are replaced by
/// their ranks, so only the order counts. 1: cosines order the pairs as scores do; 0: by chance.
inline double order_kept(const Tensor& first, const Tensor& second, const std::vector<double>& scores) {
  return bert::spearman(row_cosines(first, second).to(DType::f64).to_vector<double>(), scores);
}

/// The same for vectors [2 N, H] of `Pairs::all()`.
inline double order_kept(const Tensor& vectors, const std::vector<double>& scores) {
  const auto n = static_cast<int64_t>(scores.size());
  return order_kept(vectors.slice(0, 0, n), vectors.slice(0, n, 2 * n), scores);
}

}  // namespace gradus::tutorials::anisotropy

/// @file
/// Chapter 13's library pairs, and its checks that catch bugs: labels turned round, and a row that is judged
/// by its last place.
#pragma once

#include <memory>

#include "learning.hpp"

namespace gradus::tutorials::next_sentence {

/// The rows of one epoch of the library's, and the pairs that they show.
struct LibraryPairs {
  std::vector<Pair> pairs;
  int64_t same_rows = 0;     ///< of them, how many our batch_of makes in the same way
  int64_t neighbours = 0;    ///< of the true ones, how many B follow their A in the text
  int64_t at_the_start = 0;  ///< of the random ones, how many B begin at a first sentence
};

/// Stories in the order of their places, so that strangers from nearby are of the same place.
inline LibraryPairs pairs_of_library(std::vector<Story> all) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Story& x, const Story& y) { return place_of(x) < place_of(y); });
  bert::MaskingVocabulary words;
  words.vocabulary_size = vocabulary_size();
  const bert::PretrainingData data(
      std::make_shared<bert::TokenizedCorpus>(corpus_of(all)), words,
      {.max_length = 18, .short_sequence_probability = 0, .nearby_negatives = 1});
  const auto ids = data.corpus().ids();
  const auto words_of = [&](int64_t begin, int64_t end) {
    return Row(ids.begin() + begin, ids.begin() + end);
  };
  const bert::EpochPlan plan = data.plan_epoch(0);
  LibraryPairs found;
  for (int64_t i = 0; i < plan.size(); ++i) {
    const bert::ExamplePlan& row = plan.examples[static_cast<size_t>(i)];
    if (row.next_sentence_label == bert::no_label) continue;
    const Pair pair{words_of(row.a_begin, row.a_end), words_of(row.b_begin, row.b_end),
                    row.next_sentence_label};
    bert::PretrainingBatch theirs = data.batch(plan, i, 1);
    for (size_t k = 0; k < theirs.masked_positions.size(); ++k) {  // what it hid, shown again
      theirs.input_ids[static_cast<size_t>(theirs.masked_positions[k])] = theirs.masked_labels[k];
    }
    theirs.masked_positions.clear();
    theirs.masked_labels.clear();
    found.same_rows += theirs == batch_of({pair});
    found.neighbours += pair.label == is_next && row.b_begin == row.a_end;
    found.at_the_start += pair.label == is_random && pair.b[0] == this_id;
    found.pairs.push_back(pair);
  }
  return found;
}

/// How many of the pairs are random ones.
inline int64_t random_ones(const std::vector<Pair>& pairs) {
  return std::count_if(pairs.begin(), pairs.end(), [](const Pair& pair) { return pair.label == is_random; });
}

/// The same pairs with the labels of those who write 1 for "is next".
inline std::vector<Pair> turned_round(std::vector<Pair> pairs) {
  for (Pair& pair : pairs) pair.label = 1 - pair.label;
  return pairs;
}

/// The score for "random" of one pair with `padding` places after it; with the bug it is taken from the last
/// place of the row, not from the first.
inline double score_when_padded(const bert::BertForPreTraining& model, int64_t padding, bool last_place) {
  Rng rng(21);
  bert::PretrainingBatch batch = batch_of(fresh_pairs(1, true, rng));
  batch.length += padding;
  for (auto* numbers : {&batch.input_ids, &batch.token_type_ids, &batch.attention_mask}) {
    numbers->resize(static_cast<size_t>(batch.length), 0);
  }
  const NoGrad no_tape;
  const Tensor vectors = vectors_of(model, batch);
  const int64_t place = last_place ? batch.length - 1 : 0;
  return verdicts(vectors.select(1, place).unsqueeze(1), weights_of(model)).at({0, 1});
}

}  // namespace gradus::tutorials::next_sentence

/// @file
/// The clinic: what a patient reads. Pairs of chapter 13's stories with words hidden as in chapter 12.
#pragma once

#include "autograd/autograd.hpp"
#include "faults.hpp"
#include "tutorials/13_next_sentence/pairs.hpp"

namespace gradus::tutorials::clinic {

inline constexpr int64_t not_asked = -100;  ///< in place of a label

/// B rows of S places.
struct Batch {
  Tensor input_ids;       ///< i64 [B, S]; [PAD] fills a row up
  Tensor segments;        ///< i64 [B, S]: 0 up to the first [SEP], then 1
  Tensor attention_mask;  ///< i64 [B, S]: 1 at a piece, 0 at [PAD]
  Tensor labels;          ///< i64 [B, S]: the piece that belongs there, or not_asked
  Tensor pair_labels;     ///< i64 [B]: 0 if B follows A, 1 if it is a stranger, or not_asked
};

using next_sentence::Pair;
using next_sentence::Row;
using next_sentence::tokens;

/// `count` pairs of fresh stories; the same for the same seed.
inline std::vector<Pair> pairs_for(int64_t count, uint64_t seed) {
  Rng rng(seed);
  std::vector<Pair> pairs;
  while (static_cast<int64_t>(pairs.size()) < count) {
    std::vector<next_sentence::Story> some;
    for (int i = 0; i < 64; ++i) some.push_back(next_sentence::story(rng));
    const std::vector<Pair> more = next_sentence::pairs_of(some, true, rng);
    pairs.insert(pairs.end(), more.begin(), more.end());
  }
  pairs.resize(static_cast<size_t>(count));
  return pairs;
}

/// Hides words of `row`: one in six is asked for, of those 80 % become [MASK], 10 % a random word, 10 % stay.
/// Its labels go into `labels`. Every row asks for one word at least.
inline void hide_words(Row& row, Row& labels, Rng& rng) {
  std::vector<size_t> words;
  for (size_t i = 0; i < row.size(); ++i) {
    if (row[i] >= next_sentence::signs) words.push_back(i);
  }
  labels.assign(row.size(), not_asked);
  const size_t at_least = rng.below(words.size());
  for (size_t n = 0; n < words.size(); ++n) {
    const size_t at = words[n];
    if (n != at_least && !rng.chance(1.0 / 6)) continue;
    labels[at] = row[at];
    const double dice = rng.uniform();
    if (dice < 0.8) {
      row[at] = next_sentence::mask_id;
    } else if (dice < 0.9) {
      row[at] = rng.between(next_sentence::signs, next_sentence::vocabulary_size() - 1);
    }
  }
}

/// Rows, filled up with [PAD] to the longest. `fault` has its way with what concerns rows.
inline Batch batch_of(const std::vector<Pair>& pairs, Fault fault, Rng& rng) {
  std::vector<Row> inputs, labels, segments;
  size_t longest = 0;
  for (const Pair& pair : pairs) {
    const Row whole = next_sentence::row_of(pair);
    Row row = whole, asked;
    hide_words(row, asked, rng);
    if (fault == Fault::answer_left_in) row = whole;
    if (fault == Fault::labels_shifted) {
      asked.erase(asked.begin());
      asked.push_back(not_asked);
    }
    inputs.push_back(row);
    labels.push_back(asked);
    segments.push_back(next_sentence::segments_of(pair));
    longest = std::max(longest, row.size());
  }
  const Shape shape{static_cast<int64_t>(pairs.size()), static_cast<int64_t>(longest)};
  const auto filled = [&](std::vector<Row> rows, int64_t filler) {
    Row all;
    for (Row& row : rows) {
      row.resize(longest, filler);
      all.insert(all.end(), row.begin(), row.end());
    }
    return tensor(all, shape);
  };
  std::vector<Row> there;
  Row verdicts;
  for (const Pair& pair : pairs) {
    there.push_back(Row(next_sentence::row_of(pair).size(), 1));
    verdicts.push_back(fault == Fault::pair_labels_swapped ? 1 - pair.label : pair.label);
  }
  return {.input_ids = filled(inputs, next_sentence::pad_id),
          .segments = filled(segments, 0),
          .attention_mask = filled(there, 0),
          .labels = filled(labels, not_asked),
          .pair_labels = tensor(verdicts)};
}

}  // namespace gradus::tutorials::clinic

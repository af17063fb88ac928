/// @file
/// Chapter 12: which tokens are hidden, and what the network sees in their places.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "farm.hpp"

namespace gradus::tutorials::masked {

/// 15 % are chosen; of these 80 % become [MASK], 10 % a random word, and the rest stay.
struct Rule {
  double fraction = 0.15, as_mask = 0.8, as_random = 0.1;
};

/// The ids that a random word is drawn from, signs not among them, and which ids are signs.
struct Words {
  std::vector<int64_t> drawable;
  bool is_sign(int64_t id) const { return id < signs; }

  Words() {
    for (int64_t id = signs; id < vocabulary_size(); ++id) drawable.push_back(id);
  }
};

/// Places of the row to be guessed, rising: a random 15 % of those that hold a word, at least one.
inline std::vector<int64_t> chosen(const Row& row, double fraction, const Words& words, Rng& rng) {
  std::vector<int64_t> places;
  for (size_t place = 0; place < row.size(); ++place) {
    if (!words.is_sign(row[place])) places.push_back(static_cast<int64_t>(place));
  }
  if (places.empty()) return places;
  const auto wanted = std::max<int64_t>(1, std::llround(fraction * static_cast<double>(places.size())));
  for (size_t i = 0; i < static_cast<size_t>(wanted); ++i) {
    std::swap(places[i], places[i + rng.below(places.size() - i)]);
  }
  places.resize(static_cast<size_t>(wanted));
  std::sort(places.begin(), places.end());
  return places;
}

/// A row as the network sees it, and what it is asked.
struct Hidden {
  Row seen;
  std::vector<int64_t> places;  ///< that are to be guessed
  std::vector<int64_t> labels;  ///< what stood there
};

inline Hidden hide(const Row& row, Rng& rng, const Rule& rule = {}, const Words& words = {}) {
  Hidden hidden{row, chosen(row, rule.fraction, words, rng), {}};
  for (const int64_t place : hidden.places) {
    int64_t& id = hidden.seen[static_cast<size_t>(place)];
    hidden.labels.push_back(id);
    const double u = rng.uniform();
    if (u < rule.as_mask) {
      id = mask_id;
    } else if (u < rule.as_mask + rule.as_random) {
      id = words.drawable[rng.below(words.drawable.size())];
    }  // else it stays
  }
  return hidden;
}

/// Rows of one length as a batch of the library's, one sentence each.
inline bert::PretrainingBatch batch_of(const std::vector<Hidden>& rows) {
  bert::PretrainingBatch batch;
  batch.rows = static_cast<int64_t>(rows.size());
  batch.length = static_cast<int64_t>(rows.at(0).seen.size());
  for (int64_t b = 0; b < batch.rows; ++b) {
    const Hidden& row = rows[static_cast<size_t>(b)];
    for (const int64_t id : row.seen) {
      batch.input_ids.push_back(id);
      batch.token_type_ids.push_back(0);
      batch.attention_mask.push_back(id == pad_id ? 0 : 1);
    }
    batch.lengths.push_back(batch.length - std::count(row.seen.begin(), row.seen.end(), pad_id));
    for (const int64_t place : row.places) batch.masked_positions.push_back(b * batch.length + place);
    batch.masked_labels.insert(batch.masked_labels.end(), row.labels.begin(), row.labels.end());
    batch.next_sentence_labels.push_back(bert::no_label);
  }
  return batch;
}

/// The same answers as labels [B * S]: no_label wherever nothing is asked.
inline std::vector<int64_t> labels_everywhere(const bert::PretrainingBatch& batch) {
  std::vector<int64_t> labels(batch.input_ids.size(), bert::no_label);
  for (size_t i = 0; i < batch.masked_positions.size(); ++i) {
    labels[static_cast<size_t>(batch.masked_positions[i])] = batch.masked_labels[i];
  }
  return labels;
}

}  // namespace gradus::tutorials::masked

/// @file
/// Rows to train on or to look at. What they cost does not depend on the words.
#pragma once

#include <algorithm>

#include "autograd/random.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::app {

/// [rows, length] pieces of a vocabulary, none of them special.
inline std::vector<int64_t> random_pieces(int64_t rows, int64_t length, int64_t vocabulary, Rng& rng) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < rows * length; ++i) ids.push_back(rng.between(5, vocabulary - 1));
  return ids;
}

/// A batch without padding, 15 % of it masked, the second half of each row another sentence.
inline bert::PretrainingBatch random_batch(int64_t rows, int64_t length, int64_t vocabulary) {
  Rng rng(1);
  bert::PretrainingBatch batch;
  batch.rows = rows;
  batch.length = length;
  batch.input_ids = random_pieces(rows, length, vocabulary, rng);
  for (int64_t i = 0; i < rows * length; ++i) {
    batch.token_type_ids.push_back(i % length < length / 2 ? 0 : 1);
    batch.attention_mask.push_back(1);
    batch.masked_positions.push_back(i);
  }
  rng.shuffle(batch.masked_positions);
  batch.masked_positions.resize(static_cast<size_t>(0.15 * static_cast<double>(rows * length)));
  std::sort(batch.masked_positions.begin(), batch.masked_positions.end());
  for (const int64_t at : batch.masked_positions)
    batch.masked_labels.push_back(batch.input_ids[static_cast<size_t>(at)]);
  for (int64_t b = 0; b < rows; ++b) {
    batch.lengths.push_back(length);
    batch.next_sentence_labels.push_back(b % 2);
  }
  return batch;
}

}  // namespace gradus::app

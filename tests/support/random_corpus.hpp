// A corpus of random pieces, and what a batch of it was before it was masked.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "autograd/random.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::bert::testing {

/// Ids 5..V-1, the upper half continuing words; documents of 1 to 9 sentences of 1 to 12 pieces, each piece
/// telling its place: no two sentences are alike.
struct RandomCorpus {
  static constexpr int64_t vocabulary = 400;
  std::shared_ptr<TokenizedCorpus> corpus = std::make_shared<TokenizedCorpus>();
  MaskingVocabulary pieces;

  explicit RandomCorpus(int documents, uint64_t seed = 1, int64_t least_sentences = 1) {
    Rng rng(seed);
    for (int d = 0; d < documents; ++d) {
      const int64_t sentences = rng.between(least_sentences, 9);
      for (int64_t i = 0; i < sentences; ++i) {
        std::vector<int32_t> ids(static_cast<size_t>(rng.between(3, 12)));
        for (auto& id : ids) id = static_cast<int32_t>(rng.between(5, vocabulary - 1));
        ids[0] = static_cast<int32_t>(rng.between(5, 199));  // a sentence begins with a word's first piece
        corpus->add_sentence(ids);
      }
      corpus->end_document();
    }
    pieces.vocabulary_size = vocabulary;
    for (int64_t i = 0; i < vocabulary; ++i) pieces.is_continuation.push_back(i >= 300);
  }
  PretrainingData data(const PretrainingOptions& options) const { return {corpus, pieces, options}; }
};

/// The rows of a batch before masking.
inline std::vector<int64_t> unmasked(const PretrainingBatch& batch) {
  auto ids = batch.input_ids;
  for (size_t k = 0; k < batch.masked_positions.size(); ++k)
    ids[static_cast<size_t>(batch.masked_positions[k])] = batch.masked_labels[k];
  return ids;
}

}  // namespace gradus::bert::testing

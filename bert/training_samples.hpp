/// @file
/// A few masked sentences that a training run fills in again and again, so that one sees the model learn.
#pragma once

#include <cstdint>
#include <vector>

#include "bert/attention_page.hpp"
#include "bert/heads.hpp"
#include "bert/report.hpp"
#include "bert/wordpiece.hpp"

namespace gradus::bert {

/// The beginnings of some held-out documents, with a few pieces masked: the same at every moment.
class TrainingSamples {
 public:
  /// `count` documents, spread over `corpus`, of at most `pieces` pieces each; every sixth piece is masked.
  TrainingSamples(const TokenizedCorpus& corpus, const Tokenizer& tokenizer, int64_t count, int64_t pieces,
                  uint64_t seed);

  /// Fills in every mask with the model as it is after `step` steps.
  void observe(const BertForPreTraining& model, int64_t step);

  const std::vector<SampleSentence>& sentences() const { return sentences_; }

  /// Where the heads of the model look in the first sample, read without masks. Not to be called without
  /// samples.
  AttentionPage attention(const BertForPreTraining& model) const;

 private:
  struct Row {
    std::vector<int64_t> ids, masked_ids;  // with [CLS] and [SEP]
    std::vector<int64_t> positions;        // of the masks
  };

  const Tokenizer& tokenizer_;
  std::vector<Row> rows_;
  std::vector<SampleSentence> sentences_;
};

}  // namespace gradus::bert

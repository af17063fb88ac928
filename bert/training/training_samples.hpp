/// @file
/// A few masked sentences that a training run fills in again and again, so that one sees the model learn.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bert/model/heads.hpp"
#include "bert/report/attention_page.hpp"
#include "bert/report/report.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// The beginnings of some held-out documents, with a few pieces masked: the same at every moment.
class TrainingSamples {
 public:
  /// `count` documents, spread over `corpus`, of at most `pieces` pieces each; every sixth piece is masked,
  /// but no [UNK].
  TrainingSamples(const TokenizedCorpus& corpus, const Tokenizer& tokenizer, int64_t count, int64_t pieces,
                  uint64_t seed);

  /// Fills in every mask with the model as it is after `step` steps. A second time at a step replaces the
  /// first.
  void observe(const BertForPreTraining& model, int64_t step);

  /// All fillings so far, for `restore` when the run goes on.
  std::string to_json() const;
  /// Takes up the fillings up to `step` that `to_json` wrote into `file`; none if they are of other masks.
  /// @throws FormatError that names `file` for a text that `to_json` did not write.
  void restore(const std::string& text, int64_t step, const std::filesystem::path& file);

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

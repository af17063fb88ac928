/// @file
/// A tag for each word, and with them named entities: learning them, and saying them of other sentences.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/tag_rows.hpp"
#include "bert/tasks/tagged_sentences.hpp"
#include "bert/tasks/task_files.hpp"

namespace gradus::bert {

/// What the model says of each word that is in a row's list, in the order of the text: logits [n, C], which
/// softmax makes probabilities of. In eval mode, whatever the model's; rows of similar length go through it
/// together. `scoring` says who shares the batches.
Tensor tag(const BertForTokenClassification& model, const TagRows& rows, TokenId pad,
           const Scoring& scoring = {});

/// The tag with the largest of tag()'s logits for every word of every sentence; O for a word in no row's
/// list. @throws ShapeError where the logits are not those of these rows and labels.
std::vector<std::vector<std::string>> said_tags(const TaskConfig& task, const TagRows& rows,
                                                const Tensor& said);

/// The numbers of all true tags, a list a sentence.
/// @throws FormatError that names file and line of a tag that the task does not have, and of a sentence
///         without tags; ValueError for a task with a label that is no tag.
std::vector<std::vector<int64_t>> tag_targets(const TaskConfig& task, const TaggedSentences& sentences);

/// How good `said` is, which tag() gave for the rows of these sentences: F1, precision and recall of entities
/// and the mean of the types' F1 (bert/metrics/entities.hpp, by conlleval's rules); the share of words whose
/// tag is right; the mean cross entropy over the words in rows. An example is a sentence: intervals draw
/// sentences, and the worst are those with a wrong entity and the largest mean loss. The confusion matrix is
/// of tags, by word. @throws as tag_targets and said_tags.
Findings judge_tags(const TaskConfig& task, const TaggedSentences& sentences, const TagRows& rows,
                    const Tensor& said, Detail detail);

/// Entity F1 on `scored` of the tag that each word had most often in `training`, whatever stands beside it
/// (FrequentTags in bert/evaluation/label_baselines.hpp).
Baselines tag_baselines(const TaggedSentences& training, const TaggedSentences& scored);

/// Weights n / (C n_c) for tags of which n_c words are, as those of a table of texts
/// (bert/tasks/classification.hpp). @throws FormatError that names a tag without a word.
std::vector<double> balanced_weights(const TaggedSentences& sentences,
                                     const std::vector<std::string>& labels);

struct TaggingOptions {
  FitOptions fit = {};
  /// What each tag counts in the loss, in the order of the task's labels; empty: all the same.
  std::vector<double> class_weights = {};
};

/// Learns the tags of sentences: cross entropy at the first piece of each word (Devlin et al. 2018, section
/// 5.3). A row to learn from is one that tag_rows() gives, so a word of windows that overlap is learnt once.
class Tagging : public TaskTraining {
 public:
  /// `validation` may have no sentences. @throws as tag_rows and tag_targets; ValueError for weights that are
  /// not one for each label.
  Tagging(BertForTokenClassification model, Tokenizer tokenizer, const TaggedSentences& training,
          const TaggedSentences& validation, const TaggingOptions& options);

  const BertForTokenClassification& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override { save_task(folder, model_, tokenizer_); }

  int64_t rows() const override { return std::ssize(training_.rows); }
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override;
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return std::ssize(validation_sentences_.sentences); }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return "entity F1"; }
  Baselines baselines() const override { return tag_baselines(training_sentences_, validation_sentences_); }
  std::vector<std::string> notes() const override;

 private:
  std::vector<int64_t> targets_of_rows(std::span<const int64_t> rows) const;

  BertForTokenClassification model_;
  Tokenizer tokenizer_;
  TaggingOptions options_;
  TaggedSentences training_sentences_, validation_sentences_;
  TagRows training_, validation_;
  std::vector<std::vector<int64_t>> training_targets_;  // of each word of each sentence
};

}  // namespace gradus::bert

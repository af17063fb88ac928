/// @file
/// A label, or a number, for a text or a pair: learning it, and saying it of other texts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/labelled_texts.hpp"
#include "bert/tasks/task_files.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::bert {

/// Texts cut into rows. A text that is cut into windows has several.
struct FittedTexts {
  std::vector<TextRow> rows;
  std::vector<int64_t> text_of_row;  ///< which text a row is of
  int64_t texts = 0, cut = 0;        ///< how many there are, and how many lost something
  int64_t pieces = 0, left_out = 0;  ///< in the rows, and in none
};

/// @throws as fit_text, with the file and line in front.
FittedTexts fit_texts(const Tokenizer& tokenizer, const LabelledTexts& texts, const FitOptions& options);

/// What the model says of each text, [N, C]: the logits, which softmax makes probabilities of, or the number
/// of a regression; the mean over a text's windows. In eval mode, whatever the model's; rows of similar
/// length go through it together. `scoring` says who shares the batches.
Tensor classify(const BertForSequenceClassification& model, const FittedTexts& texts, TokenId pad,
                const Scoring& scoring = {});

/// What is to be said of each text: the number of its label, or its number.
struct Targets {
  std::vector<int64_t> labels;
  std::vector<double> numbers;
};

/// @throws FormatError that names file and line of a label that the task does not have.
Targets targets_of(const TaskConfig& task, const LabelledTexts& texts);

/// How good `said` is, which classify() gave for `texts`: of labels accuracy, macro F1, Matthews' correlation
/// and the mean cross entropy; of numbers R2 (1 - squared error / variance, 0 where all are the same),
/// Pearson, Spearman and the mean squared error. @throws as targets_of.
Findings judge(const TaskConfig& task, const LabelledTexts& texts, const Tensor& said, Detail detail);

/// What guesses reach on `scored` that know the labels of `training` and no model: of labels the accuracy of
/// the most frequent one and of a bag of words (bert/evaluation/bag_of_words.hpp); of numbers R2 of the mean,
/// and for pairs of a straight line over how many words both texts share.
Baselines guesses_at(const TaskConfig& task, const LabelledTexts& training, const LabelledTexts& scored);

/// A sentence on the texts of `name` that were cut, or nothing where none was.
std::string note_of_cuts(const std::string& name, const FittedTexts& texts, const FitOptions& options);

struct ClassificationOptions {
  FitOptions fit = {};
  /// What each label counts in the loss, in the order of the task's labels; empty: all the same.
  std::vector<double> class_weights = {};
};

/// Weights n / (C n_c) for labels of which n_c rows are: every class then counts the same in sum, whatever
/// its share (scikit-learn's "balanced"). @throws FormatError that names a label without a row.
std::vector<double> balanced_weights(const LabelledTexts& texts, const std::vector<std::string>& labels);

/// Learns the labels of a table: cross entropy, or for a regression the mean squared error (Devlin et al.
/// 2018, section 4.1).
class Classification : public TaskTraining {
 public:
  /// `validation` may have no rows. @throws ValueError for weights that are not one for each label,
  /// FormatError that names file and line of a label that the task does not have, and as fit_texts.
  Classification(BertForSequenceClassification model, Tokenizer tokenizer, const LabelledTexts& training,
                 const LabelledTexts& validation, const ClassificationOptions& options);

  const BertForSequenceClassification& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override { save_task(folder, model_, tokenizer_); }

  int64_t rows() const override { return static_cast<int64_t>(training_.rows.size()); }
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override;
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return validation_.texts; }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return model_.task.regression ? "R2" : "accuracy"; }
  Baselines baselines() const override { return guesses_at(model_.task, training_texts_, validation_texts_); }
  std::vector<std::string> notes() const override;

  const FittedTexts& training() const { return training_; }
  const FittedTexts& validation() const { return validation_; }

 private:
  BertForSequenceClassification model_;
  Tokenizer tokenizer_;
  ClassificationOptions options_;
  LabelledTexts training_texts_, validation_texts_;
  FittedTexts training_, validation_;
  Targets training_targets_;
};

}  // namespace gradus::bert

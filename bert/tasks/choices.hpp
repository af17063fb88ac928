/// @file
/// Multiple choice: which of several second texts belongs to a first one (Devlin et al. 2018, section 4.4).
#pragma once

#include <string>
#include <vector>

#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/labelled_texts.hpp"
#include "bert/tasks/task_files.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::bert {

/// Questions with as many choices each.
struct ChoiceQuestions {
  std::filesystem::path file;
  std::vector<std::string> names;  ///< of the choices: the columns "choice1", "choice2", ...
  struct Question {
    std::string text;
    std::vector<std::string> choices{};
    int64_t right = -1;  ///< its number, from 0; -1 where the file does not say
    int64_t line = 0;
  };
  std::vector<Question> questions;
};

/// Reads a table of texts (bert/tasks/labelled_texts.hpp) with the columns `choice1`, `choice2` and so on (or
/// ending0, ending1 ... as SWAG has them), at least two. The label is the name of a column or the number in
/// it.
/// @throws as read_labelled_texts; FormatError that names file and line of an empty choice or of a label that
/// is
///         none of them.
ChoiceQuestions read_choices(const std::filesystem::path& file, bool with_labels);

struct ChoiceRows {
  std::vector<TextRow> rows;  ///< the choices of one question after the other
  int64_t cut = 0, left_out = 0;
};

/// A row for each question and choice. @throws ValueError for windows, which a choice cannot have.
ChoiceRows choice_rows(const Tokenizer& tokenizer, const ChoiceQuestions& questions, const FitOptions& fit);

/// The scores of the choices, [N, C], as classify() has it.
Tensor choose(const BertForMultipleChoice& model, const ChoiceRows& rows, int64_t choices, TokenId pad,
              const Scoring& scoring = {});

/// Accuracy (decides) and the mean cross entropy. @throws FormatError for questions without a label.
Findings judge_choices(const ChoiceQuestions& questions, const Tensor& said, Detail detail);

/// Learns which choice is right: cross entropy over a question's choices.
class Choices : public TaskTraining {
 public:
  /// @throws FormatError where training and validation have not as many choices.
  Choices(BertForMultipleChoice model, Tokenizer tokenizer, const ChoiceQuestions& training,
          const ChoiceQuestions& validation, const FitOptions& fit);

  const BertForMultipleChoice& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override { save_task(folder, model_, tokenizer_); }

  int64_t rows() const override { return std::ssize(training_.questions); }
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override { return static_cast<double>(rows.size()); }
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return std::ssize(validation_.questions); }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return "accuracy"; }
  /// The accuracy of guessing, and of the choice that shares most words with the text.
  Baselines baselines() const override;
  std::vector<std::string> notes() const override;

 private:
  std::vector<const TextRow*> pairs_of(std::span<const int64_t> questions) const;

  BertForMultipleChoice model_;
  Tokenizer tokenizer_;
  FitOptions fit_;
  ChoiceQuestions training_, validation_;
  ChoiceRows training_rows_, validation_rows_;
};

}  // namespace gradus::bert

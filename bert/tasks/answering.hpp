/// @file
/// Answers that stand in a text: learning where they begin and end, and finding them in other texts, or that
/// there is none (Devlin et al. 2018, sections 4.2 and 4.3).
///
///     const bert::Questions questions = bert::read_questions("questions.json", false);
///     const bert::QuestionRows rows = bert::question_rows(tokenizer, questions, {});
///     for (const auto& said : bert::answer(model, questions, rows, tokenizer.special_ids().pad, 30))
///       fmt::print("{}: {}\n", said.id, said.answer());
#pragma once

#include <array>
#include <string>
#include <vector>

#include "bert/metrics/answers.hpp"
#include "bert/tasks/finetuning.hpp"
#include "bert/tasks/questions.hpp"
#include "bert/tasks/task_files.hpp"
#include "bert/tasks/text_rows.hpp"

namespace gradus::bert {

struct AnsweringOptions {
  int64_t max_length = 128;   ///< slots of a row, [CLS] and [SEP] counted
  int64_t overlap = 32;       ///< pieces that a window has in common with the one before it
  int64_t max_question = 64;  ///< pieces of a question; its end is cut off
  int64_t max_answer = 30;    ///< the most pieces that an answer is given
  /// "No answer" is said where its score is more than this above that of the best answer.
  double threshold = 0;
};

/// Questions as rows `[CLS] question [SEP] window [SEP]`. Windows slide over the context; the last one is
/// full, too.
struct QuestionRows {
  std::vector<TextRow> rows;  ///< the windows of one question after the other
  /// A row has the pieces [begin, end) of its question's context, the first of them at TextRow::first_length.
  struct Window {
    size_t question;
    int64_t begin, end;
  };
  std::vector<Window> windows;                 ///< of each row
  std::vector<size_t> first_row;               ///< of each question, and at the end the number of rows
  std::vector<std::vector<CharSpan>> offsets;  ///< of the pieces of each context that is asked about
  int64_t cut = 0, left_out = 0;               ///< questions that were cut, and their pieces in no row
};

/// @throws ValueError for an option that is below 1 (an overlap: below 0); FormatError that names file and
///         question where there is no room for a window, or where question or context has no piece.
QuestionRows question_rows(const Tokenizer& tokenizer, const Questions& questions,
                           const AnsweringOptions& options);

/// The pieces [first, last] of the first answer of each question: all that have a character of it. (-1, -1)
/// where the question has none, or where the tokenizer drops all of it.
std::vector<std::array<int64_t, 2>> answer_pieces(const Questions& questions, const QuestionRows& rows);

/// The slots [first, last] of the answer in each row: those of its pieces if the row has all of them, else
/// (0, 0), which is [CLS].
std::vector<std::array<int64_t, 2>> answer_slots(const Questions& questions, const QuestionRows& rows);

/// The mean of the two cross entropies, of the first slot and of the last, over all slots of a row that are
/// no padding: scores [B, S, 2], attention_mask i64 [B, S], first and last i64 [B] -> []. For rows without
/// padding this is the loss of transformers' BertForQuestionAnswering, whose softmax has the padding in it,
/// too, so that a row's loss hangs on the other rows of its batch.
Tensor answer_loss(const Tensor& scores, const Tensor& attention_mask, const Tensor& first,
                   const Tensor& last);

/// What a model answers.
struct SpanAnswer {
  std::string id;    ///< of the question
  std::string span;  ///< the best that the context has, whether or not it is said; as it stands there
  int64_t begin = 0, end = 0;  ///< its characters in the context, [begin, end)
  double score = 0;            ///< of its first piece and of its last, added up
  double null_difference = 0;  ///< how much more "no answer" has

  /// What is answered: the span, or nothing where null_difference is above the threshold.
  std::string answer(double threshold = 0) const { return null_difference > threshold ? "" : span; }
};

/// The scores of each slot of a row, as the first and as the last of the answer.
using SlotScores = std::vector<std::array<double, 2>>;

/// The best span of each question, of all with at most `max_answer` pieces: the largest score of its first
/// piece and of its last, added up. A span that several windows have counts in the one where it has most
/// context: the most pieces beside it on its poorer side, the first of equal ones. (Devlin et al.'s code asks
/// that of the first piece alone, which loses spans longer than half of the overlap.) So every span counts
/// once if it has at most overlap + 1 pieces. "No answer" has the scores of [CLS], the smallest of all
/// windows. `scores` are those of each row. @throws Error that names a question whose scores are not finite.
std::vector<SpanAnswer> best_spans(const Questions& questions, const QuestionRows& rows,
                                   const std::vector<SlotScores>& scores, int64_t max_answer);

/// What the model answers to each question. In eval mode, whatever the model's; rows of similar length go
/// through it together. `scoring` says who shares the batches. @throws as best_spans.
std::vector<SpanAnswer> answer(const BertForQuestionAnswering& model, const Questions& questions,
                               const QuestionRows& rows, TokenId pad, int64_t max_answer,
                               const Scoring& scoring = {});

/// Questions, what answer() gave for them, and what is right, as bert/metrics/answers.hpp has them. `answer`
/// is the span. @throws FormatError for questions read without answers, ValueError for another number of
/// answers.
std::vector<AnsweredQuestion> beside_gold(const Questions& questions, const std::vector<SpanAnswer>& answers);

/// How good the answers are: exact match (decides) and F1 (bert/metrics/answers.hpp); where some questions
/// have an answer and others have none, also both of the former and exact match of the latter. The worst are
/// wrong ones by how sure the model was of them, |null_difference - threshold|, times 1 - F1.
/// @throws as beside_gold.
Findings judge_answers(const Questions& questions, const std::vector<SpanAnswer>& answers, double threshold,
                       Detail detail);

/// Learns answers from questions that have one and from those that have none.
class Answering : public TaskTraining {
 public:
  /// `validation` may have no questions. @throws as question_rows; FormatError for questions read without
  /// answers.
  Answering(BertForQuestionAnswering model, Tokenizer tokenizer, const Questions& training,
            const Questions& validation, const AnsweringOptions& options);

  const BertForQuestionAnswering& model() const override { return model_; }
  void save(const std::filesystem::path& folder) const override { save_task(folder, model_, tokenizer_); }

  int64_t rows() const override { return std::ssize(training_rows_.rows); }  ///< windows
  std::pair<int64_t, int64_t> slots_and_pieces(std::span<const int64_t> rows) const override;
  double weight(std::span<const int64_t> rows) const override { return static_cast<double>(rows.size()); }
  Tensor loss(std::span<const int64_t> rows) const override;

  int64_t examples() const override { return std::ssize(validation_.questions); }
  Findings score(const Scoring& scoring, Detail detail) const override;
  std::string measure() const override { return "exact match"; }
  /// Exact match of "no answer", and of LastAnswer (bert/evaluation/label_baselines.hpp), which is left out
  /// where so many answers would have to be looked for in so many contexts that it takes minutes.
  Baselines baselines() const override;
  std::vector<std::string> notes() const override;

  /// What the model answers to the questions of the validation.
  std::vector<SpanAnswer> answers(const Scoring& scoring = {}) const;
  /// The threshold that is best on them (best_threshold). @throws ValueError for a validation without
  /// questions.
  AnswerThreshold best_threshold(const Scoring& scoring = {}) const;

 private:
  BertForQuestionAnswering model_;
  Tokenizer tokenizer_;
  AnsweringOptions options_;
  Questions training_, validation_;
  QuestionRows training_rows_, validation_rows_;
  std::vector<std::array<int64_t, 2>> training_slots_;
};

}  // namespace gradus::bert

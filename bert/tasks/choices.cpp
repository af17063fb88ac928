#include "bert/tasks/choices.hpp"

#include <algorithm>
#include <charconv>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "autograd/plural.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/tasks/chosen.hpp"

namespace gradus::bert {
namespace {

/// The digits at the end of a name: 2 of "choice2".
std::string_view number_of(std::string_view name) {
  const size_t last = name.find_last_not_of("0123456789");
  return name.substr(last == std::string_view::npos ? 0 : last + 1);
}

bool is_choice(std::string_view column) {
  return (column.starts_with("choice") || column.starts_with("ending")) && !number_of(column).empty();
}

int64_t right_of(const std::string& label, const ChoiceQuestions& questions, int64_t line) {
  for (size_t i = 0; i < questions.names.size(); ++i)
    if (label == questions.names[i] || label == number_of(questions.names[i])) return static_cast<int64_t>(i);
  fail<FormatError>("{}, line {}: the label '{}' is none of the choices {}", questions.file.string(), line,
                    label, fmt::join(questions.names, ", "));
}

std::vector<int64_t> right_ones(const ChoiceQuestions& questions) {
  std::vector<int64_t> right;
  for (const auto& question : questions.questions) {
    if (question.right < 0)
      fail<FormatError>("{}, line {}: has no label", questions.file.string(), question.line);
    right.push_back(question.right);
  }
  return right;
}

int64_t choices_of(const ChoiceQuestions& questions) { return std::ssize(questions.names); }

}  // namespace

ChoiceQuestions read_choices(const std::filesystem::path& file, bool with_labels) {
  const LabelledTexts table = read_labelled_texts(file, with_labels ? LabelKind::name : LabelKind::none);
  ChoiceQuestions questions;
  questions.file = file;
  std::vector<size_t> columns;
  for (size_t i = 0; i < table.other_columns.size(); ++i) {
    if (!is_choice(table.other_columns[i])) continue;
    columns.push_back(i);
    questions.names.push_back(table.other_columns[i]);
  }
  if (columns.size() < 2)
    fail<FormatError>("{}, line 1: names {} of choices; there must be choice1, choice2 and so on",
                      file.string(), columns.empty() ? "no column" : "one column");
  for (const LabelledText& row : table.rows) {
    ChoiceQuestions::Question question{.text = row.text, .line = row.line};
    for (const size_t column : columns) {
      if (row.others[column].empty())
        fail<FormatError>("{}, line {}: the {} is empty", file.string(), row.line,
                          table.other_columns[column]);
      question.choices.push_back(row.others[column]);
    }
    if (with_labels) question.right = right_of(row.label, questions, row.line);
    questions.questions.push_back(std::move(question));
  }
  return questions;
}

ChoiceRows choice_rows(const Tokenizer& tokenizer, const ChoiceQuestions& questions, const FitOptions& fit) {
  if (fit.fit == Fit::windows) fail<ValueError>("a choice is one row, so it cannot have several windows");
  ChoiceRows all;
  for (const auto& question : questions.questions) {
    for (const std::string& choice : question.choices) {
      FittedText fitted = fit_text(tokenizer, question.text, choice, true, fit);
      all.cut += fitted.left_out > 0;
      all.left_out += fitted.left_out;
      all.rows.push_back(std::move(fitted.rows.front()));
    }
  }
  return all;
}

Tensor choose(const BertForMultipleChoice& model, const ChoiceRows& rows, int64_t choices, TokenId pad,
              const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  std::vector<double> scores(rows.rows.size());
  const auto compute = [&](RowNumbers, RowBatch batch) {
    return model(to_input(batch, pad), 1).to(DType::f64).to_vector<double>();
  };
  for_outputs_by_length(rows.rows, scoring, compute,
                        [&](RowNumbers some, RowBatch, std::span<const double> said) {
                          for (size_t i = 0; i < some.size(); ++i)
                            scores[static_cast<size_t>(some[i])] = said[i];
                        });
  return tensor(scores, Shape{std::ssize(rows.rows) / choices, choices}).to(DType::f32);
}

Findings judge_choices(const ChoiceQuestions& questions, const Tensor& said, Detail detail) {
  const Chosen chosen = chosen_beside(right_ones(questions), said);
  Findings found{.examples = std::ssize(chosen.truth), .figures = {chosen.accuracy(detail), chosen.loss()}};
  if (detail == Detail::figures_only) return found;
  for (const size_t i : chosen.worst()) {
    const auto& question = questions.questions[i];
    found.worst.push_back({question.text, question.choices[static_cast<size_t>(chosen.truth[i])],
                           question.choices[static_cast<size_t>(chosen.said[i])], chosen.losses[i]});
  }
  return found;
}

Choices::Choices(BertForMultipleChoice model, Tokenizer tokenizer, const ChoiceQuestions& training,
                 const ChoiceQuestions& validation, const FitOptions& fit)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      fit_(fit),
      training_(training),
      validation_(validation),
      training_rows_(choice_rows(tokenizer_, training_, fit)),
      validation_rows_(choice_rows(tokenizer_, validation_, fit)) {
  right_ones(training_);
  right_ones(validation_);
  if (!validation_.questions.empty() && choices_of(training_) != choices_of(validation_))
    fail<FormatError>("{} has {} choices a question, and {} has {}", training_.file.string(),
                      choices_of(training_), validation_.file.string(), choices_of(validation_));
}

std::vector<const TextRow*> Choices::pairs_of(std::span<const int64_t> questions) const {
  const int64_t choices = choices_of(training_);
  std::vector<const TextRow*> pairs;
  for (const int64_t question : questions)
    for (int64_t c = 0; c < choices; ++c)
      pairs.push_back(&training_rows_.rows[static_cast<size_t>(question * choices + c)]);
  return pairs;
}

std::pair<int64_t, int64_t> Choices::slots_and_pieces(std::span<const int64_t> rows) const {
  return count_slots(pairs_of(rows));
}

Tensor Choices::loss(std::span<const int64_t> rows) const {
  const Tensor said =
      model_(shown(to_input(pairs_of(rows), tokenizer_.special_ids().pad), tokenizer_.special_ids()),
             choices_of(training_));  // [B, C]
  std::vector<int64_t> right;
  for (const int64_t row : rows) right.push_back(training_.questions[static_cast<size_t>(row)].right);
  return cross_entropy(said, tensor(right));
}

Findings Choices::score(const Scoring& scoring, Detail detail) const {
  const TokenId pad = tokenizer_.special_ids().pad;
  return judge_choices(validation_, choose(model_, validation_rows_, choices_of(validation_), pad, scoring),
                       detail);
}

Baselines Choices::baselines() const {
  double right = 0;
  for (const auto& question : validation_.questions) {
    std::vector<double> overlaps;
    for (const std::string& choice : question.choices)
      overlaps.push_back(word_overlap(question.text, choice));
    right += std::ranges::max_element(overlaps) - overlaps.begin() == question.right;
  }
  return {{"guessing", 1 / static_cast<double>(choices_of(validation_))},
          {"word overlap", right / static_cast<double>(validation_.questions.size())}};
}

std::vector<std::string> Choices::notes() const {
  const int64_t cut = training_rows_.cut + validation_rows_.cut;
  if (cut == 0) return {};
  const int64_t left_out = training_rows_.left_out + validation_rows_.left_out;
  return {fmt::format("{} {} longer than {} pieces; {} {} left out", cut,
                      plural(cut, "question with a choice is", "questions with a choice are"),
                      fit_.max_length, left_out, plural(left_out, "piece is", "pieces are"))};
}

}  // namespace gradus::bert

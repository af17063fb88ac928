#include "bert/tasks/answering.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

std::string where(const Questions& questions, size_t number) {
  return fmt::format("{}, question '{}'", questions.file.string(), questions.questions[number].id);
}

void check_options(const AnsweringOptions& options) {
  const auto at_least = [](const char* what, int64_t value, int64_t least) {
    if (value < least) fail<ValueError>("{} of {} pieces, but {} is the least", what, value, least);
  };
  at_least("rows", options.max_length, 5);
  at_least("an overlap", options.overlap, 0);
  at_least("questions", options.max_question, 1);
  at_least("answers", options.max_answer, 1);
}

/// Stretches [begin, end) of `room` that hold all of `pieces`.
std::vector<std::pair<int64_t, int64_t>> windows_of(int64_t pieces, int64_t room, int64_t overlap) {
  std::vector<std::pair<int64_t, int64_t>> windows;
  int64_t begin = 0;
  for (; begin + room < pieces; begin += room - overlap) windows.emplace_back(begin, begin + room);
  windows.emplace_back(std::max<int64_t>(0, pieces - room), pieces);
  return windows;
}

TextRow row_of(const SpecialIds& special, std::span<const TokenId> question,
               std::span<const TokenId> window) {
  TextRow row;
  row.ids.push_back(special.cls);
  row.ids.insert(row.ids.end(), question.begin(), question.end());
  row.ids.push_back(special.sep);
  row.first_length = std::ssize(row.ids);
  row.ids.insert(row.ids.end(), window.begin(), window.end());
  row.ids.push_back(special.sep);
  return row;
}

/// Whether `mine` of a question's windows is the one in which the pieces first ... last have most context.
bool has_most_context(std::span<const QuestionRows::Window> windows, size_t mine, int64_t first,
                      int64_t last) {
  // Below 0 where the window has not all of them.
  const auto context = [&](size_t w) {
    return std::min(first - windows[w].begin, windows[w].end - 1 - last);
  };
  const int64_t here = context(mine);
  for (size_t w = 0; w < windows.size(); ++w)
    if (context(w) > here || (w < mine && context(w) == here)) return false;
  return true;
}

/// The characters of the pieces first ... last, with the marks (accents, vowel signs) that belong to the last
/// of them, which no offset holds where the tokenizer strips accents.
CharSpan characters_of(const std::vector<CharSpan>& offsets, int64_t first, int64_t last,
                       std::u32string_view context) {
  CharSpan span{offsets[static_cast<size_t>(first)].begin, offsets[static_cast<size_t>(last)].end};
  while (span.end < context.size() && is_nonspacing_mark(context[span.end])) ++span.end;
  return span;
}

/// The best span of a question so far.
struct BestSpan {
  int64_t first = -1, last = -1;
  double score = -std::numeric_limits<double>::infinity();
};

/// Looks at all spans of the window `mine`.
void look_at(std::span<const QuestionRows::Window> windows, size_t mine, const SlotScores& scores,
             int64_t first_slot, int64_t max_answer, BestSpan& best) {
  const QuestionRows::Window& window = windows[mine];
  const auto scores_of = [&](int64_t piece) {
    return scores[static_cast<size_t>(first_slot + piece - window.begin)];
  };
  for (int64_t first = window.begin; first < window.end; ++first) {
    for (int64_t last = first; last < std::min(first + max_answer, window.end); ++last) {
      const double score = scores_of(first)[0] + scores_of(last)[1];
      if (score > best.score && has_most_context(windows, mine, first, last)) best = {first, last, score};
    }
  }
}

}  // namespace

QuestionRows question_rows(const Tokenizer& tokenizer, const Questions& questions,
                           const AnsweringOptions& options) {
  check_options(options);
  QuestionRows all;
  all.offsets.resize(questions.contexts.size());
  std::vector<std::vector<TokenId>> contexts(questions.contexts.size());
  const auto max_question = static_cast<size_t>(options.max_question);
  for (size_t i = 0; i < questions.questions.size(); ++i) {
    const Question& question = questions.questions[i];
    std::vector<TokenId>& context = contexts[question.context];
    if (context.empty()) {
      Encoding encoding =
          tokenizer.encode(questions.contexts[question.context], {.add_special_tokens = false});
      context = std::move(encoding.ids);
      all.offsets[question.context] = std::move(encoding.offsets);
    }
    std::vector<TokenId> asked = tokenizer.tokenize(question.text);
    if (asked.empty() || context.empty())
      fail<FormatError>("{}: the tokenizer finds nothing in its {}", where(questions, i),
                        asked.empty() ? "text" : "context");
    if (asked.size() > max_question) {
      ++all.cut;
      all.left_out += std::ssize(asked) - options.max_question;
      asked.resize(max_question);
    }
    const int64_t room = options.max_length - std::ssize(asked) - 3, pieces = std::ssize(context);
    if (room < std::min(pieces, options.overlap + 1))
      fail<FormatError>(
          "{}: rows of {} slots leave no room beside {} pieces of the question and an overlap of {}; take "
          "longer "
          "rows or a smaller overlap",
          where(questions, i), options.max_length, asked.size(), options.overlap);
    all.first_row.push_back(all.rows.size());
    for (const auto& [begin, end] : windows_of(pieces, room, options.overlap)) {
      const auto window =
          std::span(context).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
      all.rows.push_back(row_of(tokenizer.special_ids(), asked, window));
      all.windows.push_back({i, begin, end});
    }
  }
  all.first_row.push_back(all.rows.size());
  return all;
}

std::vector<std::array<int64_t, 2>> answer_pieces(const Questions& questions, const QuestionRows& rows) {
  std::vector<std::array<int64_t, 2>> pieces;
  for (const Question& question : questions.questions) {
    pieces.push_back({-1, -1});
    if (question.answers.empty()) continue;
    const GoldAnswer& answer = question.answers.front();
    const int64_t begin = answer.begin, end = begin + static_cast<int64_t>(count_code_points(answer.text));
    const std::vector<CharSpan>& offsets = rows.offsets[question.context];
    for (size_t i = 0; i < offsets.size(); ++i) {
      if (offsets[i].end <= begin || offsets[i].begin >= end) continue;
      if (pieces.back()[0] < 0) pieces.back()[0] = static_cast<int64_t>(i);
      pieces.back()[1] = static_cast<int64_t>(i);
    }
  }
  return pieces;
}

std::vector<std::array<int64_t, 2>> answer_slots(const Questions& questions, const QuestionRows& rows) {
  const std::vector<std::array<int64_t, 2>> pieces = answer_pieces(questions, rows);
  std::vector<std::array<int64_t, 2>> slots;
  for (size_t row = 0; row < rows.rows.size(); ++row) {
    const auto [question, begin, end] = rows.windows[row];
    const auto [first, last] = pieces[question];
    const int64_t move = rows.rows[row].first_length - begin;
    const bool is_whole = first >= begin && last < end && first >= 0;
    slots.push_back(is_whole ? std::array{first + move, last + move} : std::array<int64_t, 2>{0, 0});
  }
  return slots;
}

Tensor answer_loss(const Tensor& scores, const Tensor& attention_mask, const Tensor& first,
                   const Tensor& last) {
  constexpr double never = -std::numeric_limits<double>::infinity();
  const Tensor padding = equal(attention_mask, 0).unsqueeze(2);  // [B, S, 1]
  const Tensor open = masked_fill(scores, padding, never);       // [B, S, 2]
  return (cross_entropy(open.select(2, 0), first) + cross_entropy(open.select(2, 1), last)) / 2;
}

std::vector<SpanAnswer> best_spans(const Questions& questions, const QuestionRows& rows,
                                   const std::vector<SlotScores>& scores, int64_t max_answer) {
  std::vector<SpanAnswer> answers;
  for (size_t i = 0; i < questions.questions.size(); ++i) {
    const Question& question = questions.questions[i];
    const size_t begin = rows.first_row[i], count = rows.first_row[i + 1] - begin;
    const auto windows = std::span(rows.windows).subspan(begin, count);
    BestSpan best;
    double none = std::numeric_limits<double>::infinity();
    for (size_t w = 0; w < count; ++w) {
      const SlotScores& of_row = scores[begin + w];
      look_at(windows, w, of_row, rows.rows[begin + w].first_length, max_answer, best);
      none = std::min(none, of_row[0][0] + of_row[0][1]);
    }
    if (best.first < 0 || !std::isfinite(best.score) || !std::isfinite(none))
      fail<Error>("{}: the model's scores are not finite; take an earlier checkpoint", where(questions, i));
    const std::u32string context = decode_utf8(questions.contexts[question.context]);
    const CharSpan span = characters_of(rows.offsets[question.context], best.first, best.last, context);
    answers.push_back({question.id, encode_utf8(context.substr(span.begin, span.end - span.begin)),
                       span.begin, span.end, best.score, none - best.score});
  }
  return answers;
}

std::vector<SpanAnswer> answer(const BertForQuestionAnswering& model, const Questions& questions,
                               const QuestionRows& rows, TokenId pad, int64_t max_answer,
                               const Scoring& scoring) {
  const nn::EvalMode eval(model);
  const NoGrad no_grad;
  std::vector<SlotScores> scores(rows.rows.size());
  const auto compute = [&](RowNumbers, RowBatch batch) {
    return model(to_input(batch, pad)).to(DType::f64).to_vector<double>();  // [B, S, 2]
  };
  for_outputs_by_length(rows.rows, scoring, compute,
                        [&](RowNumbers some, RowBatch batch, std::span<const double> said) {
                          const size_t length = said.size() / 2 / some.size();
                          for (size_t i = 0; i < some.size(); ++i) {
                            SlotScores& of_row = scores[static_cast<size_t>(some[i])];
                            for (size_t s = 0; s < batch[i]->ids.size(); ++s) {
                              const size_t at = 2 * (i * length + s);
                              of_row.push_back({said[at], said[at + 1]});
                            }
                          }
                        });
  return best_spans(questions, rows, scores, max_answer);
}

Answering::Answering(BertForQuestionAnswering model, Tokenizer tokenizer, const Questions& training,
                     const Questions& validation, const AnsweringOptions& options)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      options_(options),
      training_(training),
      validation_(validation),
      training_rows_(question_rows(tokenizer_, training, options)),
      validation_rows_(question_rows(tokenizer_, validation, options)),
      training_slots_(answer_slots(training, training_rows_)) {
  for (const Questions* questions : {&training_, &validation_})
    if (!questions->has_answers && !questions->questions.empty())
      fail<FormatError>("{}: was read without its answers, so nothing is learnt from it",
                        questions->file.string());
}

std::pair<int64_t, int64_t> Answering::slots_and_pieces(std::span<const int64_t> rows) const {
  return count_slots(rows_at(training_rows_.rows, rows));
}

Tensor Answering::loss(std::span<const int64_t> rows) const {
  const SpecialIds& special = tokenizer_.special_ids();
  const TaskInput input = shown(to_input(rows_at(training_rows_.rows, rows), special.pad), special);
  std::vector<int64_t> first, last;
  for (const int64_t row : rows) {
    const auto& slots = training_slots_[static_cast<size_t>(row)];
    first.push_back(slots[0]);
    last.push_back(slots[1]);
  }
  return answer_loss(model_(input), input.attention_mask, tensor(first), tensor(last));
}

std::vector<SpanAnswer> Answering::answers(const Scoring& scoring) const {
  return answer(model_, validation_, validation_rows_, tokenizer_.special_ids().pad, options_.max_answer,
                scoring);
}

Findings Answering::score(const Scoring& scoring, Detail detail) const {
  return judge_answers(validation_, answers(scoring), options_.threshold, detail);
}

AnswerThreshold Answering::best_threshold(const Scoring& scoring) const {
  return bert::best_threshold(beside_gold(validation_, answers(scoring)));
}

}  // namespace gradus::bert

// How good answers are, what is reached without a model, and what no answer can be.
#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "autograd/error.hpp"
#include "autograd/plural.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/tasks/answering.hpp"
#include "bert/text/unicode.hpp"

namespace gradus::bert {
namespace {

constexpr const char* nothing = "(no answer)";

/// The context; of a long one 300 characters around [begin, end).
std::string shown(const std::string& context, int64_t begin, int64_t end) {
  constexpr int64_t longest = 300;
  const std::u32string chars = decode_utf8(context);
  const int64_t size = std::ssize(chars);
  if (size <= longest) return context;
  const int64_t from = std::clamp<int64_t>((begin + end - longest) / 2, 0, size - longest);
  const auto part = std::u32string_view(chars).substr(static_cast<size_t>(from), longest);
  return (from > 0 ? "..." : "") + encode_utf8(part) + (from + longest < size ? "..." : "");
}

Finding finding_of(const Questions& questions, size_t i, const SpanAnswer& said, double threshold,
                   double loss) {
  const Question& question = questions.questions[i];
  const std::string answer = said.answer(threshold);
  std::string truth = nothing;
  int64_t begin = said.begin, end = said.end;
  if (!question.answers.empty()) {
    truth = question.answers.front().text;
    begin = question.answers.front().begin;
    end = begin + static_cast<int64_t>(count_code_points(truth));
  }
  return {question.text + " | " + shown(questions.contexts[question.context], begin, end), truth,
          answer.empty() ? nothing : answer, loss};
}

AnsweredQuestion beside_gold(const Question& question, const std::string& answer, double null_difference) {
  AnsweredQuestion answered{answer, {}, null_difference};
  for (const GoldAnswer& gold : question.answers) answered.gold.push_back(gold.text);
  return answered;
}

double exact_of(const Questions& questions, const std::vector<std::string>& said) {
  std::vector<AnsweredQuestion> answered;
  for (size_t i = 0; i < said.size(); ++i)
    answered.push_back(beside_gold(questions.questions[i], said[i], 0));
  return score_answers(answered).all.exact;
}

std::string pieces(int64_t number) { return fmt::format("{} {}", number, plural(number, "piece")); }

/// "1 of 3 answers is".
std::string share(int64_t some, int64_t all, const char* what) {
  return fmt::format("{} of {} {} {}", some, all, plural(all, what), some == 1 ? "is" : "are");
}

/// Sentences on what the rows of `questions` lack.
void add_notes(std::vector<std::string>& notes, const std::string& name, const Questions& questions,
               const QuestionRows& rows, const AnsweringOptions& options) {
  const std::vector<std::array<int64_t, 2>> slots = answer_slots(questions, rows);
  const std::vector<std::array<int64_t, 2>> places = answer_pieces(questions, rows);
  int64_t answers = 0, held_by_none = 0, too_long = 0;
  for (size_t i = 0; i < questions.questions.size(); ++i) {
    if (questions.questions[i].answers.empty()) continue;
    ++answers;
    const size_t begin = rows.first_row[i], count = rows.first_row[i + 1] - begin;
    if (std::ranges::none_of(std::span(slots).subspan(begin, count),
                             [](const auto& slot) { return slot[0] > 0; })) {
      ++held_by_none;
    } else if (places[i][1] - places[i][0] >= options.max_answer) {
      ++too_long;
    }
  }
  if (rows.cut > 0)
    notes.push_back(fmt::format("{}: {} longer than {}; {} {} left out", name,
                                share(rows.cut, std::ssize(questions.questions), "question"),
                                pieces(options.max_question), rows.left_out,
                                plural(rows.left_out, "piece is", "pieces are")));
  if (held_by_none > 0)
    notes.push_back(fmt::format("{}: {} in no row of {} slots as a whole, and so cannot be found", name,
                                share(held_by_none, answers, "answer"), options.max_length));
  if (too_long > 0)
    notes.push_back(fmt::format("{}: {} longer than {}, and so cannot be found", name,
                                share(too_long, answers, "answer"), pieces(options.max_answer)));
}

}  // namespace

std::vector<AnsweredQuestion> beside_gold(const Questions& questions,
                                          const std::vector<SpanAnswer>& answers) {
  if (!questions.has_answers)
    fail<FormatError>("{}: was read without its answers, so none can be judged", questions.file.string());
  if (answers.size() != questions.questions.size())
    fail<ValueError>("{}: {} answers to {} questions", questions.file.string(), answers.size(),
                     questions.questions.size());
  std::vector<AnsweredQuestion> answered;
  for (size_t i = 0; i < answers.size(); ++i)
    answered.push_back(beside_gold(questions.questions[i], answers[i].span, answers[i].null_difference));
  return answered;
}

Findings judge_answers(const Questions& questions, const std::vector<SpanAnswer>& answers, double threshold,
                       Detail detail) {
  const std::vector<AnsweredQuestion> answered = beside_gold(questions, answers);
  const size_t count = answered.size();
  std::vector<double> exact, f1, all(count, 1), has_answer, has_none;
  // Each is scored once, for the bootstrap draws it a thousand times.
  for (const AnsweredQuestion& question : answered) {
    const AnswerScore score = score_answers({&question, 1}, threshold).all;
    exact.push_back(score.exact);
    f1.push_back(score.f1);
    has_none.push_back(question.gold.empty());
    has_answer.push_back(!question.gold.empty());
  }
  Findings found;
  found.examples = std::ssize(answered);
  // The mean of `worth` over the questions that `counts` holds 1 for; NaN where there are none.
  const auto add = [&](const char* name, const std::vector<double>& worth,
                       const std::vector<double>& counts) {
    found.figures.push_back(figure_of(name, count, detail, [&](std::span<const size_t> which) {
      double sum = 0, questions_counted = 0;
      for (const size_t i : which) {
        sum += counts[i] * worth[i];
        questions_counted += counts[i];
      }
      return sum / questions_counted;
    }));
    bound_certainty(found.figures.back(), std::ranges::count(counts, 1.0), detail);
  };
  add("exact match", exact, all);
  add("F1", f1, all);
  const auto unanswerable = std::ranges::count(has_none, 1.0);
  if (unanswerable > 0 && unanswerable < std::ssize(answered)) {
    add("exact match (answerable)", exact, has_answer);
    add("F1 (answerable)", f1, has_answer);
    add("exact match (none)", exact, has_none);
  }
  if (detail == Detail::figures_only) return found;
  std::vector<double> losses;
  std::vector<bool> is_wrong;
  for (size_t i = 0; i < count; ++i) {
    losses.push_back((1 - f1[i]) * std::abs(answered[i].null_difference - threshold));
    is_wrong.push_back(exact[i] < 1);
  }
  for (const size_t i : worst_of(losses, is_wrong))
    found.worst.push_back(finding_of(questions, i, answers[i], threshold, losses[i]));
  return found;
}

Baselines Answering::baselines() const {
  constexpr double most = 2e7;
  Baselines found = {
      {"no answer", exact_of(validation_, std::vector<std::string>(validation_.questions.size()))}};
  std::vector<std::string> asked, right, said;
  for (const Question& question : training_.questions) {
    asked.push_back(question.text);
    right.push_back(question.answers.empty() ? "" : question.answers.front().text);
  }
  const std::set<std::string> different(right.begin(), right.end());
  if (static_cast<double>(different.size()) * static_cast<double>(validation_.questions.size()) > most)
    return found;
  const LastAnswer last(asked, right);
  for (const Question& question : validation_.questions)
    said.push_back(last.answer(question.text, validation_.contexts[question.context]));
  found.emplace_back("the last place or person", exact_of(validation_, said));
  return found;
}

std::vector<std::string> Answering::notes() const {
  std::vector<std::string> notes;
  add_notes(notes, "training", training_, training_rows_, options_);
  add_notes(notes, "validation", validation_, validation_rows_, options_);
  return notes;
}

}  // namespace gradus::bert

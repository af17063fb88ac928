// The answers that a model finds in texts, and how good they are.
#include <algorithm>

#include "app/command.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/predict/predict_call.hpp"
#include "app/predict/table_groups.hpp"
#include "app/terminal/progress.hpp"
#include "bert/tasks/answering.hpp"

namespace gradus::app {
namespace {

/// Answers by the questions' ids, as SQuAD's script reads them; or an object for each.
std::string shown(const PredictCall& call, const bert::Questions& questions,
                  const std::vector<bert::SpanAnswer>& answers) {
  nlohmann::ordered_json by_id = nlohmann::ordered_json::object();
  std::string lines;
  for (size_t i = 0; i < answers.size(); ++i) {
    const bert::SpanAnswer& said = answers[i];
    by_id[said.id] = said.answer(call.threshold);
    const nlohmann::ordered_json object{{"id", said.id},
                                        {"question", questions.questions[i].text},
                                        {"answer", said.answer(call.threshold)},
                                        {"span", said.span},
                                        {"begin", said.begin},
                                        {"end", said.end},
                                        {"score", said.score},
                                        {"null_difference", said.null_difference}};
    lines += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }
  return call.json ? lines : by_id.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

bert::Questions questions_of(const PredictCall& call) {
  if (!call.file.empty()) return bert::read_questions(call.file, call.score);
  if (call.pair.empty())
    fail<WrongCall>("a question is asked of a text: give the question as --text, the text as --pair");
  return {"--text", false, {call.pair}, {{.id = "--text", .text = call.text, .context = 0}}};
}

void print_score(const PredictCall& call, const bert::Questions& questions,
                 const std::vector<bert::SpanAnswer>& answers) {
  const bert::Findings all = bert::judge_answers(questions, answers, call.threshold, bert::Detail::all);
  std::vector<bool> right;
  for (const bert::AnsweredQuestion& answered : bert::beside_gold(questions, answers))
    right.push_back(bert::score_answers({&answered, 1}, call.threshold).all.exact == 1);
  // Exact match, the figure that decides.
  const auto of_rows = [&](const std::vector<int64_t>& rows) {
    const auto hits = std::ranges::count_if(rows, [&](int64_t i) { return right[static_cast<size_t>(i)]; });
    const double share = static_cast<double>(hits) / static_cast<double>(rows.size());
    return bert::Findings{.examples = std::ssize(rows), .figures = {{all.figures.front().name, share}}};
  };
  print_groups(call, columns_of(questions), all, right, of_rows);
}

}  // namespace

void predict_answers(const PredictCall& call) {
  const auto [tokenizer, model] = open_task<bert::BertForQuestionAnswering>("predict", call.model);
  const bert::Questions questions = questions_of(call);
  check_columns(call, columns_of(questions));  // before all the work
  const bert::FitOptions fit =
      fit_for(call.model, model.bert.config.max_position_embeddings, call.fit, call.said_length);
  const bert::AnsweringOptions options{
      .max_length = fit.max_length, .overlap = fit.overlap, .threshold = call.threshold};
  const bert::QuestionRows rows = bert::question_rows(tokenizer, questions, options);
  if (rows.cut > 0)
    print_error(fmt::format("gradus predict: {} cut, {} left out\n",
                            counted(rows.cut, "question was", "questions were"),
                            counted(rows.left_out, "piece")));
  Progress progress("predicting");
  const std::vector<bert::SpanAnswer> answers = bert::answer(
      model, questions, rows, tokenizer.special_ids().pad, options.max_answer, [&] { progress.update(-1); });
  progress.clear();
  call.score ? print_score(call, questions, answers) : print(shown(call, questions, answers));
}

}  // namespace gradus::app

// The answers that a model finds in texts, and how good they are.
#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/predict/predict_call.hpp"
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

}  // namespace

void predict_answers(const PredictCall& call) {
  if (!call.by.empty() || !call.together.empty())
    fail<WrongCall>("--by and --together are for tables, and {} answers questions", call.model.string());
  const auto [tokenizer, model] = open_task<bert::BertForQuestionAnswering>("predict", call.model);
  const bert::Questions questions = questions_of(call);
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
  if (!call.score) return print(shown(call, questions, answers));
  const bert::Findings findings = bert::judge_answers(questions, answers, call.threshold, bert::Detail::all);
  call.json ? print(to_json(findings, {})) : print(to_text(findings, {}));
}

}  // namespace gradus::app

// The choices that a model makes, and how good they are.
#include "app/command.hpp"
#include "app/finetune/task_run.hpp"
#include "app/input/row_length.hpp"
#include "app/input/task_folder.hpp"
#include "app/predict/predict_call.hpp"
#include "autograd/ops.hpp"
#include "bert/tasks/choices.hpp"

namespace gradus::app {
namespace {

void print_choices(const PredictCall& call, const bert::ChoiceQuestions& questions, const Tensor& said) {
  const std::vector<double> shares = softmax(said.to(DType::f64)).to_vector<double>();  // [N, C]
  const std::vector<int64_t> guesses = argmax(said, -1).to_vector<int64_t>();
  const size_t choices = questions.names.size();
  std::string out = call.json ? "" : "choice\tprobability\ttext\twhat it says\n";
  for (size_t i = 0; i < guesses.size(); ++i) {
    const auto& question = questions.questions[i];
    const auto guess = static_cast<size_t>(guesses[i]);
    if (call.json) {
      nlohmann::ordered_json object{{"text", question.text}, {"choice", questions.names[guess]}};
      for (size_t c = 0; c < choices; ++c)
        object["probabilities"][questions.names[c]] = shares[i * choices + c];
      out += object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    } else {
      out += fmt::format("{}\t{:.4f}\t{}\t{}\n", questions.names[guess], shares[i * choices + guess],
                         question.text, question.choices[guess]);
    }
  }
  print(out);
}

}  // namespace

void predict_choices(const PredictCall& call) {
  if (call.file.empty()) fail<WrongCall>("--text is for labels; a model of choices reads a FILE");
  if (!call.by.empty() || !call.together.empty())
    fail<WrongCall>("--by and --together are for labels, and {} makes choices", call.model.string());
  const auto [tokenizer, model] = open_task<bert::BertForMultipleChoice>("predict", call.model);
  const bert::ChoiceQuestions questions = bert::read_choices(call.file, call.score);
  const bert::ChoiceRows rows = bert::choice_rows(
      tokenizer, questions,
      fit_for(call.model, model.bert.config.max_position_embeddings, call.fit, call.said_length));
  if (rows.cut > 0)
    print_error(fmt::format("gradus predict: {} of {} were too long; {} left out\n", with_commas(rows.cut),
                            counted(std::ssize(rows.rows), "row"), counted(rows.left_out, "piece")));
  const Tensor said = bert::choose(model, rows, std::ssize(questions.names), tokenizer.special_ids().pad);
  if (!call.score) return print_choices(call, questions, said);
  const bert::Findings findings = bert::judge_choices(questions, said, bert::Detail::all);
  call.json ? print(to_json(findings, {})) : print(to_text(findings, {}));
}

}  // namespace gradus::app

// gradus predict: what a fine-tuned model says of texts, or how good that is.
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/options/options.hpp"
#include "app/predict/predict_call.hpp"
#include "autograd/threads.hpp"
#include "bert/tasks/task_config.hpp"

namespace gradus::app {

namespace {

void check(const PredictCall& call) {
  if (call.file.empty() == call.text.empty())
    fail<WrongCall>("name a FILE, or give one text that is not empty with --text");
  if (!call.pair.empty() && call.text.empty())
    fail<WrongCall>("--pair is the second text beside --text; give both");
  if (call.score && call.file.empty())
    fail<WrongCall>("--score compares with the labels of a FILE; name one, or leave it out");
  for (const auto& [option, value] : {std::pair("--by", &call.by), std::pair("--together", &call.together)})
    if (!value->empty() && !call.score) fail<WrongCall>("{} is a part of --score; give both", option);
}

/// @throws WrongCall for an option that the model's task does not look at.
void check_task(const PredictCall& call, std::optional<bert::Task> task) {
  if (call.said_threshold && task != bert::Task::question_answering)
    fail<WrongCall>("--threshold is for answers to questions, and {} gives none; leave it out",
                    task ? call.model.string() : "--pronoun");
  if (call.iob1 && task != bert::Task::token_classification)
    fail<WrongCall>("--iob1 is for tags of words, and {} gives none; leave it out",
                    task ? call.model.string() : "--pronoun");
  if (!task && (call.said_length || call.said_cut))
    fail<WrongCall>(
        "--max-length, --long-texts and --overlap are not for --pronoun, which reads whole texts");
}

void run(PredictCall call) {
  check(call);
  if (call.threads > 0) set_num_threads(static_cast<int>(call.threads));
  call.fit.fit = bert::fit_by_name(call.long_texts);
  if (!call.pronoun.empty()) {
    check_task(call, std::nullopt);
    return predict_pronouns(call);
  }
  const std::optional<bert::TaskConfig> task = bert::find_task_config(call.model / "config.json");
  if (!task)
    fail<WrongCall>(
        "{} has no task on top; gradus finetune makes one, gradus similarity compares the vectors of such a "
        "model, and "
        "--pronoun asks its MLM head",
        call.model.string());
  check_task(call, task->task);
  switch (task->task) {
    case bert::Task::sequence_classification:
      return predict_texts(call);
    case bert::Task::multiple_choice:
      return predict_choices(call);
    case bert::Task::token_classification:
      return predict_tags(call);
    case bert::Task::question_answering:
      return predict_answers(call);
  }
}

}  // namespace

void add_predict(CLI::App& program) {
  auto call = std::make_shared<PredictCall>();
  CLI::App* c =
      add_command(program, "predict", "Say what a fine-tuned model makes of texts, or how good that is",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus corpus toy --task sentiment --examples 400 --out sentiment\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model "
                  "--vocab-size 400 --steps 20 --evaluation-rows 64\n"
                  "gradus finetune classification model sentiment/train.tsv --out moods --epochs 1\n"
                  "gradus predict moods --text \"Tom was not sad.\"\n"
                  "gradus predict moods sentiment/test.tsv --score --by kind");
  add_path(*c, "MODEL", call->model, "FOLDER", "A fine-tuned model, ours or Hugging Face's").required();
  const Option file =
      add_path(*c, "FILE", call->file, "FILE", "Examples, as finetune reads them; labels need not be there");
  add_text(*c, "--text", call->text, "TEXT", "One text in place of a file").excludes(file);
  add_text(*c, "--pair", call->pair, "TEXT", "Its second text").excludes(file);
  add_text(*c, "--pronoun", call->pronoun, "WORD",
           "Which of first_noun and second_noun the MLM head puts in place of this word");
  add_switch(*c, "--score", call->score, "Compare with the labels of FILE, and print the figures alone");
  add_text(*c, "--by", call->by, "COLUMN",
           "The figure for each value of another column of FILE, or of another key of its questions");
  add_text(*c, "--together", call->together, "COLUMN",
           "The share of groups, rows with the same value here, of which all are right");
  const Option threshold = add_number(
      *c, "--threshold", call->threshold,
      "Questions: how much more than the best answer 'no answer' must have to be said", {-1e9, 1e9});
  add_switch(*c, "--iob1", call->iob1, "Tags: an I- that goes on with nothing begins an entity");
  const Option length =
      add_whole(*c, "--max-length", call->fit.max_length,
                "Pieces of a row, [CLS] and [SEP] counted; at most what MODEL takes", 5, 1'000'000);
  const Option long_texts =
      add_choice(*c, "--long-texts", call->long_texts, {"head", "tail", "head-and-tail", "windows"},
                 "What is kept of a text that is longer");
  const Option overlap = add_whole(*c, "--overlap", call->fit.overlap,
                                   "Pieces that a window shares with the one before it", 0, 1'000'000);
  add_threads(*c, call->threads);
  add_json(*c, call->json);
  on_call(*c, [call, length, threshold, long_texts, overlap] {
    call->said_length = length.is_given();
    call->said_threshold = threshold.is_given();
    call->said_cut = long_texts.is_given() || overlap.is_given();
    run(*call);
  });
}

}  // namespace gradus::app

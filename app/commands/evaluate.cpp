// gradus evaluate: MLM and NSP of a model on held-out text, beside what counting alone achieves there.
#include <cmath>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/model_files.hpp"
#include "app/input/pretraining_text.hpp"
#include "app/input/text_account.hpp"
#include "app/input/text_source.hpp"
#include "app/options/options.hpp"
#include "app/pretrain/run_report.hpp"
#include "app/ranks/ranks.hpp"
#include "app/ranks/workers.hpp"
#include "app/terminal/progress.hpp"
#include "bert/evaluation/evaluation.hpp"

namespace gradus::app {
namespace {

struct EvaluateCall {
  std::filesystem::path model;
  std::vector<std::filesystem::path> texts, training;
  bert::PretrainingOptions data;
  int64_t rows = 0, passes = 1, batch_rows = 32, seed = 1, threads = 0, workers = 1, block_sentences = 0;
  double stall_minutes = 10;
  bool json = false;
};

void run(const EvaluateCall& call) {
  const std::shared_ptr<parallel::World> world = join_ranks(call.stall_minutes, call.threads);
  const auto [tokenizer, model] = open_model("evaluate", call.model);
  const int64_t length = call.data.max_length, positions = model.bert.config.max_position_embeddings;
  if (length > positions)
    fail<WrongCall>("--length {} is more than the {} positions of the model", length, positions);
  const bert::MaskingVocabulary pieces = bert::MaskingVocabulary::of(tokenizer);
  bert::PretrainingOptions options = call.data;
  options.seed = static_cast<uint64_t>(call.seed);
  const auto open = [&](const std::vector<std::filesystem::path>& files) {
    return shared_by_workers<OpenedText>([&] { return open_text(files, tokenizer, call.block_sentences); });
  };
  const auto opened = open(call.texts);
  const TextAccount& account = opened->account;
  const std::shared_ptr<const bert::TokenizedCorpus> text(opened, &opened->corpus);
  check_maskable(account, "nothing to score", "this model's vocabulary was made for other texts");
  if (call.data.next_sentence) check_pairs(*text, joined_names(call.texts));
  const bert::PretrainingData data(text, pieces, options);
  Progress progress("evaluating");
  std::optional<bert::BigramBaseline> baseline;
  if (!call.training.empty()) {
    progress.update(-1, "counting neighbours in the training text");
    baseline.emplace(open(call.training)->corpus, pieces);
  }
  for (const std::string& line :
       to_lines(account, call.data.next_sentence, "what it scores here says little of the model"))
    progress.say(line);
  if (call.data.next_sentence) {
    if (const std::string missing = missing_label(data); !missing.empty())
      progress.say(fmt::format("{}: warning: {}; leave it out with --no-nsp", account.name, missing));
  }
  bert::Evaluation evaluation;
  for (int64_t pass = 0; pass < call.passes; ++pass) {
    progress.update(static_cast<double>(pass) / static_cast<double>(call.passes));
    evaluation += bert::evaluate(model, data,
                                 {.rows = call.rows,
                                  .batch_rows = call.batch_rows,
                                  .length = length,
                                  .epoch = pass,
                                  .world = world.get()},
                                 baseline ? &*baseline : nullptr);
  }
  if (!std::isfinite(evaluation.loss())) {
    fail<Error>("{}: the loss of this model is {}, so its weights are of no use; take an earlier checkpoint",
                call.model.string(), evaluation.loss());
  }
  if (call.json) {
    nlohmann::ordered_json result = app::to_json(evaluation);
    result["texts"] = app::to_json(std::vector{account});
    print(result);
  } else {
    print(app::to_text(evaluation));
  }
}

}  // namespace

void add_evaluate(CLI::App& program) {
  auto call = std::make_shared<EvaluateCall>();
  CLI::App* c =
      add_command(program, "evaluate", "Score a model on held-out text, beside baselines",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus evaluate model toy/held-out.txt --train toy/train.txt");
  add_path(*c, "MODEL", call->model, "FOLDER", "A model folder, ours or Hugging Face's").required();
  add_paths(*c, "TEXT", call->texts, "FILE", "Text that the model was not trained on, or a token file")
      .required();
  add_paths(*c, "--train", call->training, "FILE", "The training text, from which the baselines count");
  add_whole(*c, "--length", call->data.max_length, "Slots a row", 5);
  add_whole(*c, "--rows", call->rows, "The most rows of each pass; 0: the whole text", 0);
  add_whole(*c, "--passes", call->passes, "Times through the text, each with other masks and pairs", 1);
  add_whole(*c, "--batch-rows", call->batch_rows, "Rows at a time");
  add_number(*c, "--masked", call->data.masked_fraction, "Share of the pieces that is masked",
             {0, 1, false, false});
  add_number(*c, "--nearby-negatives", call->data.nearby_negatives,
             "How often a random second sentence comes from a document close by", {0, 1});
  add_whole(*c, "--block-sentences", call->block_sentences,
            "Cut a text without empty lines into documents of this many lines", 0);
  add_off_switch(*c, "--no-nsp", call->data.next_sentence, "Without next sentence prediction");
  add_whole(*c, "--seed", call->seed, "Of the masks and pairs", 0);
  add_threads(*c, call->threads);
  add_workers(*c, call->workers);
  add_stall_minutes(*c, call->stall_minutes);
  add_json(*c, call->json);
  on_call(*c, [call] { with_workers(call->workers, call->stall_minutes, [&] { run(*call); }); });
}

}  // namespace gradus::app

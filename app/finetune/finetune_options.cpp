#include "app/finetune/finetune_options.hpp"

#include <cmath>

#include "app/command.hpp"
#include "app/options/options.hpp"
#include "app/ranks/ranks.hpp"
#include "app/ranks/workers.hpp"
#include "bert/tasks/text_pooling.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::app {

void add_options(CLI::App& command, FinetuneCall& call) {
  call.loop.learning_rate = 3e-4;
  add_choice(command, "TASK", call.task, task_names(), "What is learned").required();
  add_path(command, "MODEL", call.model, "FOLDER", "The BERT to begin with, ours or Hugging Face's")
      .required();
  add_path(command, "TRAIN", call.training, "FILE", "Examples with their labels; see below").required();
  add_path(command, "--out", call.out, "FOLDER", "Where the model, its checkpoints and report.html go")
      .required();
  const Option validation =
      add_path(command, "--validation", call.validation, "FILE", "Examples that choose the best epoch");
  add_number(command, "--validation-fraction", call.validation_fraction,
             "Without --validation: the part of TRAIN that is held out for it; 0 for none", {0, 0.5})
      .excludes(validation);

  add_whole(command, "--epochs", call.epochs, "How often every example is read", 1, 1'000'000);
  add_whole(command, "--batch", call.batch, "Examples of a step", 1, 1'000'000);
  add_whole(command, "--rows-at-once", call.rows_at_once,
            "Examples in memory at once; the step is the same. 0: all of --batch", 0, 1'000'000);
  add_whole(command, "--shards", call.loop.shards,
            "Parts of a step that ranks or workers share, a power of two; 0: one for each", 0, 65'536);
  add_number(command, "--learning-rate", call.loop.learning_rate, "Learning rate after the warm-up",
             {0, 100, false, true});
  add_number(command, "--warmup", call.warmup_share, "Share of the steps in which the rate rises", {0, 1});
  add_choice(command, "--decay", call.decay, {"linear", "cosine", "constant"},
             "How the rate falls after the warm-up");
  add_number(command, "--weight-decay", call.loop.weight_decay, "Weight decay, not on biases and LayerNorm",
             {0, 10});
  add_number(command, "--clip", call.loop.clip, "The most that the gradient's norm may be",
             {0, 1e9, false, true});
  add_number(command, "--dropout", call.dropout,
             "Dropout of hidden states and attention probabilities; by default as in MODEL",
             {0, 1, true, false});
  add_number(command, "--hide", call.hidden,
             "Share of the pieces that a step shows as [MASK], so that what stands around them is learnt",
             {0, 1, true, false});
  add_choice(command, "--class-weights", call.class_weights, {"none", "balanced"},
             "balanced: rare labels count more, so that all count the same in sum");
  add_choice(command, "--pooling", call.pooling, bert::text_pooling_names(),
             "classification: what is made of a text's vectors; Hugging Face reads pooler alone");
  add_switch(command, "--iob1", call.iob1, "entities: an I- that goes on with nothing begins an entity");
  add_choice(command, "--loss", call.loss, {"cosine", "contrastive"},
             "similarity: near the score, or nearer to its own second text than to those of the batch");
  add_number(command, "--temperature", call.temperature,
             "similarity, contrastive: what cosines are divided by", {0, 100, false, true});
  add_number(command, "--alike-from", call.alike_from,
             "similarity, contrastive: pairs of this score or more are alike", {-1e9, 1e9});
  add_text(command, "--pronoun", call.pronoun, "WORD", "pronouns: the word that means one of two nouns");
  add_whole(command, "--freeze", call.freeze, "The embeddings and this many layers stay as they are", 0,
            1000);
  add_number(command, "--layer-decay", call.layer_decay,
             "Each layer learns at this share of the rate of the one above it", {0, 1, false, true});
  add_whole(command, "--patience", call.loop.patience,
            "End after this many epochs that are no better than the best; 0: never", 0, 1'000'000);
  add_switch(command, "--last-epoch", call.last_epoch, "Keep the model of the last epoch, not of the best");

  add_whole(command, "--max-length", call.fit.max_length,
            "Pieces of a row, [CLS] and [SEP] counted; at most what MODEL takes", 5, 1'000'000);
  add_choice(command, "--long-texts", call.long_texts, {"head", "tail", "head-and-tail", "windows"},
             "What is kept of a text that is longer");
  add_whole(command, "--overlap", call.fit.overlap, "Pieces that a window shares with the one before it", 0,
            1'000'000);

  add_numbers(command, "--try-rates", call.rates,
              "Try several learning rates, and keep what is best on the validation examples",
              {0, 100, false, true});
  add_wholes(command, "--try-epochs", call.epoch_counts, "Try several numbers of epochs, likewise", 1,
             1'000'000);
  add_wholes(command, "--try-batches", call.batches, "Try several batches, likewise", 1, 1'000'000);
  add_wholes(command, "--try-seeds", call.seeds, "Try each with several seeds: the mean over them decides",
             0);

  add_number(command, "--save-minutes", call.loop.save_minutes, "Minutes between checkpoints",
             {0, 1e6, false, true});
  add_switch(command, "--resume", call.resume,
             "Go on with the run in --out, bit for bit; --epochs may be more, --learning-rate another");
  add_whole(command, "--seed", call.seed, "Of the classifier, the order of examples and dropout", 0);
  add_threads(command, call.threads);
  add_workers(command, call.workers);
  add_switch(command, "--recompute", call.loop.recompute,
             "Keep each layer's input only, and compute the rest again in backward: less memory, more time");
  add_switch(command, "--share-moments", call.loop.share_moments,
             "With several ranks or workers: each keeps a part of the optimiser's moments, for less memory");
  add_stall_minutes(command, call.stall_minutes);
  add_json(command, call.json);
}

void settle(FinetuneCall& call) {
  if (call.class_weights == "balanced" && call.task != "classification" && call.task != "entities")
    fail<WrongCall>("--class-weights balanced is for classification and entities, not for {}", call.task);
  if (call.iob1 && call.task != "entities") fail<WrongCall>("--iob1 is for entities, not for {}", call.task);
  if (call.task == "questions") {  // a context is never cut
    if (call.said("--long-texts") && call.long_texts != "windows")
      fail<WrongCall>("--long-texts {} is not for questions, whose contexts have windows", call.long_texts);
    call.long_texts = "windows";
  }
  if (call.said("--pooling") && call.task != "classification" && call.task != "regression")
    fail<WrongCall>("--pooling is for classification and regression, not for {}", call.task);
  if (call.said("--overlap") && call.long_texts != "windows")
    fail<WrongCall>("--overlap is for --long-texts windows; give both, or leave it out");
  for (const char* option : {"--loss", "--temperature", "--alike-from"})
    if (call.said(option) && call.task != "similarity")
      fail<WrongCall>("{} is for similarity, not for {}", option, call.task);
  if (call.said("--pronoun") && call.task != "pronouns")
    fail<WrongCall>("--pronoun is for pronouns, not for {}", call.task);
  for (const char* option : {"--temperature", "--alike-from"})
    if (call.said(option) && call.loss != "contrastive")
      fail<WrongCall>("{} is for --loss contrastive; give both, or leave it out", option);
  if (call.long_texts == "windows" &&
      (call.task == "choices" || call.task == "similarity" || call.task == "pronouns"))
    fail<WrongCall>("--long-texts windows is not for {}; take head, tail or head-and-tail", call.task);
  if (call.hidden > 0 && call.task == "pronouns") fail<WrongCall>("--hide is not for pronouns");
  if (call.last_epoch && call.loop.patience > 0)
    fail<WrongCall>("--patience keeps the best epoch and --last-epoch the last; leave one of them out");
  call.loop.decay = nn::schedule_by_name(call.decay);
  call.loop.seed = static_cast<uint64_t>(call.seed);
  call.loop.ends_with_best = !call.last_epoch;
  call.fit.fit = bert::fit_by_name(call.long_texts);
}

}  // namespace gradus::app

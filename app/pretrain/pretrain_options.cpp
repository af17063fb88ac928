#include "app/pretrain/pretrain_options.hpp"

#include "app/input/pretraining_text.hpp"
#include "app/options/options.hpp"
#include "app/ranks/ranks.hpp"
#include "app/ranks/workers.hpp"
#include "bert/model/config.hpp"
#include "nn/optimizers/schedule.hpp"

namespace gradus::app {

void add_options(CLI::App& command, PretrainCall& call) {
  add_paths(command, "TEXT", call.texts, "FILE",
            "Training text: a sentence a line, an empty line between documents; or a token file")
      .required();
  add_path(command, "--out", call.out, "FOLDER",
           "Where the model, its checkpoints, metrics.csv and report.html go")
      .required();
  add_paths(command, "--held-out", call.held_out, "FILE",
            "Text for evaluation; without it a part of the documents is held out");
  add_number(command, "--held-out-fraction", call.held_out_fraction, "The part that is held out; 0 for none",
             {0, 0.5});
  add_path(command, "--vocab", call.vocab, "FILE",
           "A vocab.txt, or a folder with a tokenizer; without it one is learned");
  add_whole(command, "--vocab-size", call.vocab_size, "Pieces of a learned vocabulary", 10);
  add_whole(command, "--alphabet", call.alphabet,
            "The most characters of a learned vocabulary; 0: as many as there is room for", 0, 1'000'000);
  add_switch(command, "--cased", call.rules.cased, "Keep capitals and accents");
  add_switch(command, "--google", call.rules.google, "Google's rules for words, where Hugging Face's differ");
  add_whole(command, "--block-sentences", call.block_sentences,
            "Cut a text without empty lines into documents of this many lines", 0);
  add_whole(command, "--map-above", call.map_above,
            "A text of more megabytes is tokenized into a file in --out once, and read from there", 0,
            1'000'000);

  add_whole(command, "--steps", call.trainer.steps, "Train for this many steps");
  add_number(command, "--minutes", call.trainer.minutes, "Train for this many minutes",
             {0, 1e6, false, true});
  add_switch(command, "--resume", call.resume,
             "Go on with the run in --out and its vocabulary, bit for bit; --steps or --minutes may be more");
  add_path(command, "--from", call.from, "FOLDER",
           "Begin with the weights, config and tokenizer of a model folder, ours or Hugging Face's");

  add_choice(command, "--size", call.size, {"tiny", "mini", "small", "medium", "base"}, "A published size");
  constexpr int64_t most = bert::Config::largest;
  add_whole(command, "--layers", call.layers, "Layers, in place of those of --size", 1, most);
  add_whole(command, "--hidden", call.hidden,
            "Hidden size; heads become hidden / 64 and the inner width 4 hidden", 1, most / 4);
  add_whole(command, "--heads", call.heads, "Attention heads", 1, most);
  add_whole(command, "--intermediate", call.intermediate, "Width inside the feed-forward layers", 1, most);
  add_whole(command, "--positions", call.positions, "The longest sequence; at least the longest of --length",
            1, most);
  add_choice(command, "--activation", call.activation, {"gelu", "gelu_new", "relu", "silu"},
             "Activation of the feed-forward layers");
  add_switch(command, "--pre-norm", call.variant.pre_norm,
             "LayerNorm before each half of a layer; Hugging Face does not read such a model");
  add_switch(command, "--gated", call.variant.gated,
             "Gated feed-forward layers with as many weights; Hugging Face does not read such a model");
  add_number(command, "--dropout", call.dropout, "Dropout of hidden states and attention probabilities",
             {0, 1, true, false});
  add_number(command, "--init-std", call.init_std, "Standard deviation of fresh weights",
             {0, 1, false, true});
  add_switch(command, "--no-sinusoids", call.no_sinusoids, "Begin with random positions, not with sinusoids");
  add_switch(command, "--output-from-value", call.output_from_value,
             "Begin each W_o as W_v transposed: copying is learned sooner");

  add_text(command, "--length", call.lengths, "TEXT",
           "Slots a row: 64, or 32:0.5,64:0.8,128 by share of the run");
  add_whole(command, "--slots", call.trainer.slots, "Slots (tokens and padding) of a batch");
  add_whole(command, "--first-slots", call.trainer.first_slots,
            "Slots of the first batches, which grow to --slots; 0: no growth", 0);
  add_number(command, "--ramp", call.trainer.ramp, "The share of the run in which --first-slots grow",
             {0, 1, false, true});
  add_switch(command, "--pack", call.data.pack,
             "Rows hold as many examples as fit, so that little is padding");
  add_whole(command, "--accumulate", call.trainer.accumulate, "Batches whose gradients make one step", 1,
            100'000);
  add_whole(
      command, "--shards", call.trainer.shards,
      "Parts of a step that ranks or workers share, a power of two; 0: one for each, or as --accumulate says",
      0, 65'536);
  add_choice(command, "--optimizer", call.trainer.optimizer, {"adamw", "bert-adam", "adam", "muon", "sgd"},
             "Optimiser; muon is for the matrices of the layers, with adamw for the rest");
  add_number(command, "--learning-rate", call.trainer.learning_rate, "Learning rate after the warm-up",
             {0, 100, false, true});
  add_whole(command, "--warmup", call.trainer.warmup,
            "Steps of warm-up; in a run that ends sooner a tenth of it, unless said", 0);
  add_choice(command, "--decay", call.decay, {"linear", "cosine", "constant"},
             "How the rate falls after the warm-up");
  add_number(command, "--weight-decay", call.trainer.weight_decay,
             "Weight decay, not on biases and LayerNorm", {0, 10});
  add_number(command, "--beta1", call.trainer.beta1, "Adam's memory of gradients", {0, 1, true, false});
  add_number(command, "--beta2", call.trainer.beta2, "Adam's memory of their squares", {0, 1, true, false});
  add_off_switch(command, "--no-biases", call.trainer.train_biases,
                 "Biases inside the encoder are not trained: in a fresh model they stay 0");
  add_number(command, "--clip", call.trainer.clip, "The most that the gradient's norm may be",
             {0, 1e9, false, true});
  add_number(command, "--masked", call.data.masked_fraction, "Share of the pieces that is masked",
             {0, 1, false, false});
  add_number(command, "--masked-at-end", call.trainer.masked_at_end,
             "Share that is masked at the end, reached in a line; 0: as at the beginning",
             {0, 1, true, false});
  add_number(command, "--nearby-negatives", call.data.nearby_negatives,
             "How often a random second sentence comes from a document close by", {0, 1});
  add_number(command, "--short-rows", call.data.short_sequence_probability,
             "How often a row is made shorter at random", {0, 1});
  add_switch(command, "--whole-words", call.data.whole_words, "Mask all pieces of a word or none");
  add_off_switch(command, "--no-nsp", call.data.next_sentence, "Without next sentence prediction");

  add_whole(command, "--evaluations", call.trainer.evaluations, "Evaluations along the way", 0);
  add_whole(command, "--evaluation-rows", call.trainer.evaluation_rows,
            "Held-out rows of each; the last one takes all");
  add_number(command, "--save-minutes", call.trainer.save_minutes, "Minutes between checkpoints",
             {0, 1e6, false, true});
  add_whole(command, "--save-steps", call.trainer.save_steps,
            "Steps between checkpoints, in place of minutes");
  add_whole(command, "--keep", call.trainer.keep, "Checkpoints to keep, beside the best one", 1, 1'000'000);
  add_whole(command, "--samples", call.samples, "Held-out sentences whose masks are filled in along the way",
            0);
  add_whole(command, "--seed", call.seed, "Of initialisation, data and dropout", 0);
  add_threads(command, call.threads);
  add_workers(command, call.workers);
  add_switch(command, "--recompute", call.trainer.recompute,
             "Keep each layer's input only, and compute the rest again in backward: less memory, more time");
  add_switch(command, "--share-moments", call.trainer.share_moments,
             "With several ranks or workers: each keeps a part of the optimiser's moments, for less memory");
  add_stall_minutes(command, call.stall_minutes);
  add_json(command, call.json);
}

void settle(PretrainCall& call) {
  call.trainer.lengths = parse_lengths(call.lengths);
  call.data.max_length = call.trainer.lengths.back().length;
  call.trainer.decay = nn::schedule_by_name(call.decay);
  if (!call.said("--warmup")) call.trainer.warmup_share = 0.1;
  call.trainer.seed = call.data.seed = static_cast<uint64_t>(call.seed);
}

}  // namespace gradus::app

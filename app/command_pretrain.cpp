// gradus pretrain: MLM and NSP from text files, with checkpoints, metrics.csv and report.html.
#include <cmath>
#include <set>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/interrupt.hpp"
#include "app/left_out.hpp"
#include "app/model_files.hpp"
#include "app/options.hpp"
#include "app/pretraining_text.hpp"
#include "app/progress.hpp"
#include "app/run_report.hpp"
#include "app/run_settings.hpp"
#include "app/start_model.hpp"
#include "app/text_account.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"
#include "bert/evaluation/verdict.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/training/folder_lock.hpp"
#include "bert/training/resumable.hpp"
#include "bert/training/trainer.hpp"

namespace gradus::app {
namespace {

namespace fs = std::filesystem;

/// Everything that can be said on the command line.
struct Call {
  std::vector<fs::path> texts, held_out;
  fs::path out, vocab, from;
  std::string size = "tiny", lengths = "64", optimizer = "adamw", decay = "linear", activation = "gelu";
  int64_t layers = 0, hidden = 0, heads = 0, intermediate = 0, positions = 0, vocab_size = 8000, alphabet = 0;
  int64_t steps = 0, slots = 1024, accumulate = 1, warmup = 200, seed = 1, threads = 0;
  int64_t evaluations = 10, evaluation_rows = 256, save_steps = 0, keep = 2, samples = 4, block_sentences = 0;
  double minutes = 0, learning_rate = 1e-3, weight_decay = 0.01, clip = 1, dropout = 0, init_std = 0.05;
  double held_out_fraction = 0.05, save_minutes = 1, masked = 0.15, nearby = 0.5, short_rows = 0.1;
  bool cased = false, whole_words = false, no_nsp = false, no_sinusoids = false, output_from_value = false;
  bool resume = false, json = false;
  std::set<std::string> given;  // the options that were said, as "--steps"
};

/// The longest row of the run.
int64_t longest_row(const Call& call) {
  int64_t longest = 0;
  for (const LengthShare& stage : parse_lengths(call.lengths)) longest = std::max(longest, stage.length);
  return longest;
}

/// "2 layers of 128"
std::string layers_of(const bert::Config& config) {
  return fmt::format("{} {} of {}", config.num_hidden_layers, plural(config.num_hidden_layers, "layer"),
                     config.hidden_size);
}

/// The config of a model that another run left. What the call says about it may only repeat it; dropout is a
/// matter of the run.
bert::Config config_of_start(const Call& call) {
  bert::Config config = bert::load_config(call.from / "config.json");
  StartChecks checks(call.from, call.given);
  if (checks.is_given("--size")) {
    const bert::Config named = bert::Config::named(call.size, config.vocab_size);
    checks.compare("--size", layers_of(config), layers_of(named));
  }
  checks.compare("--layers", config.num_hidden_layers, call.layers);
  checks.compare("--hidden", config.hidden_size, call.hidden);
  checks.compare("--heads", config.num_attention_heads, call.heads);
  checks.compare("--intermediate", config.intermediate_size, call.intermediate);
  checks.compare("--positions", config.max_position_embeddings, call.positions);
  checks.compare("--activation", config.hidden_act, call.activation);
  for (const char* option : {"--init-std", "--no-sinusoids", "--output-from-value"})
    checks.refuse_fresh(option);
  checks.finish();
  if (const int64_t longest = longest_row(call); longest > config.max_position_embeddings) {
    throw WrongCall(
        fmt::format("--length: rows of {} slots are longer than the {} positions of the model in '{}'",
                    longest, config.max_position_embeddings, call.from.string()));
  }
  if (!call.no_nsp && config.type_vocab_size < 2) {
    throw WrongCall(
        fmt::format("--from: the model in '{}' knows one segment only, so it cannot read pairs; "
                    "add --no-nsp",
                    call.from.string()));
  }
  if (call.given.contains("--dropout"))
    config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  return config;
}

std::string about_heads(const bert::Config& config) {
  int64_t fitting = config.num_attention_heads;
  while (config.hidden_size % fitting != 0) --fitting;
  return fmt::format(
      "--hidden {} cannot be shared out among --heads {}; take --heads {}, or another --hidden",
      config.hidden_size, config.num_attention_heads, fitting);
}

bert::Config make_config(const Call& call, int64_t vocabulary) {
  if (!call.from.empty()) return config_of_start(call);
  bert::Config config = bert::Config::named(call.size, vocabulary);
  if (call.layers > 0) config.num_hidden_layers = call.layers;
  if (call.hidden > 0) {
    config.hidden_size = call.hidden;
    config.intermediate_size = 4 * call.hidden;
    config.num_attention_heads = std::max<int64_t>(1, call.hidden / 64);
  }
  if (call.heads > 0) config.num_attention_heads = call.heads;
  if (call.intermediate > 0) config.intermediate_size = call.intermediate;
  config.hidden_act = call.activation;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = call.dropout;
  config.initializer_range = call.init_std;
  config.init.sinusoidal_positions = !call.no_sinusoids;
  config.init.output_from_value = call.output_from_value;
  const int64_t longest = longest_row(call);
  if (call.positions > 0 && call.positions < longest) {
    throw WrongCall(fmt::format("--positions {} is less than the {} slots of --length; take at least as many",
                                call.positions, longest));
  }
  config.max_position_embeddings = call.positions > 0 ? call.positions : std::max<int64_t>(128, longest);
  if (config.hidden_size % config.num_attention_heads != 0) throw WrongCall(about_heads(config));
  if (const std::string problem = config.problem(); !problem.empty()) throw WrongCall(problem);
  return config;
}

bert::Tokenizer learn_vocabulary(const Call& call) {
  Progress progress("learning a vocabulary");
  bert::BertNormalizer normalizer;
  normalizer.lowercase = !call.cased;
  bert::WordCounter words(normalizer);
  for (const fs::path& file : call.texts) {
    bert::for_each_line(file, [&words](std::string_view line) { words.add(line); });
  }
  if (words.total() == 0) fail<FormatError>("{}: the text has no words", joined_names(call.texts));
  bert::VocabTrainerOptions options;
  options.vocab_size = static_cast<std::size_t>(call.vocab_size);
  options.alphabet_limit = static_cast<std::size_t>(call.alphabet);
  bert::LeftOut left_out;
  options.on_left_out = [&](const bert::LeftOut& characters) { left_out = characters; };
  try {
    bert::Tokenizer tokenizer(bert::train_vocab(words, options), normalizer);
    if (left_out.characters > 0) {
      progress.say(fmt::format("a vocabulary of {} was learned from {}",
                               counted(tokenizer.vocab().size(), "piece"), counted(words.total(), "word")));
      progress.say(left_out_text(left_out, call.alphabet > 0 ? "--alphabet" : "--vocab-size"));
    }
    return tokenizer;
  } catch (const Error& error) {
    fail<Error>("--vocab-size {}: {}", call.vocab_size, error.what());
  }
}

bert::PretrainingOptions data_options(const Call& call) {
  bert::PretrainingOptions options;
  options.max_length = parse_lengths(call.lengths).back().length;
  options.next_sentence = !call.no_nsp;
  options.masked_fraction = call.masked;
  options.whole_words = call.whole_words;
  options.nearby_negatives = call.nearby;
  options.short_sequence_probability = call.short_rows;
  options.seed = static_cast<uint64_t>(call.seed);
  return options;
}

bert::TrainerOptions trainer_options(const Call& call) {
  bert::TrainerOptions options;
  options.steps = call.steps;
  options.minutes = call.minutes;
  options.slots = call.slots;
  options.accumulate = call.accumulate;
  options.lengths.clear();
  for (const LengthShare& stage : parse_lengths(call.lengths))
    options.lengths.push_back({stage.until, stage.length});
  options.learning_rate = call.learning_rate;
  options.decay = nn::schedule_by_name(call.decay);
  options.warmup = call.warmup;
  if (!call.given.contains("--warmup")) options.warmup_share = 0.1;
  options.weight_decay = call.weight_decay;
  options.clip = call.clip;
  options.optimizer = call.optimizer;
  options.seed = static_cast<uint64_t>(call.seed);
  options.evaluations = call.evaluations;
  options.evaluation_rows = call.evaluation_rows;
  options.save_minutes = call.save_minutes;
  options.save_steps = call.save_steps;
  options.keep = static_cast<int>(call.keep);
  return options;
}

/// All that must stay as it is when a run goes on. An older version's checkpoints end before the
/// fingerprints.
std::vector<RunSetting> run_settings(const Call& call, const bert::Config& config,
                                     const bert::TokenizedCorpus& training,
                                     const bert::TokenizedCorpus& held_out, const std::string& start) {
  const auto say = [](const char* format, const auto&... values) {
    return fmt::format(fmt::runtime(format), values...);
  };
  const bool by_steps = call.steps > 0;
  const auto said = [&](const char* option) { return call.given.contains(option); };
  // A size names four numbers and a hidden size three: a number that was not said came from there.
  const auto number_of = [&](const std::string& option, const char* from_hidden) {
    if (said(option.c_str())) return option;
    const std::string cause = said(from_hidden) ? from_hidden : said("--size") ? "--size" : "";
    return cause.empty() ? option : fmt::format("{} ({})", cause, option.substr(2));
  };
  const bool learns = call.vocab.empty() && call.from.empty();
  return {
      {number_of("--layers", "--layers"), say("layers {}", config.num_hidden_layers)},
      {number_of("--hidden", "--hidden"), say("hidden {}", config.hidden_size)},
      {number_of("--heads", "--hidden"), say("heads {}", config.num_attention_heads)},
      {number_of("--intermediate", "--hidden"), say("intermediate {}", config.intermediate_size)},
      {"--vocab", say("vocabulary {}", config.vocab_size)},
      {"--positions", say("positions {}", config.max_position_embeddings)},
      {"--activation", config.hidden_act},
      {"TEXT", say("{} tokens", training.tokens())},
      {"--length", say("length {}", call.lengths)},
      {"--slots and --accumulate", say("slots {} x {}", call.slots, call.accumulate)},
      {by_steps ? "--steps" : "--minutes", say("{} {}", by_steps ? "steps" : "minutes",
                                               by_steps ? static_cast<double>(call.steps) : call.minutes)},
      {"--optimizer", call.optimizer},
      {"--learning-rate", say("rate {}", call.learning_rate)},
      {"--warmup", say("warm-up {}", call.warmup)},
      {"--decay", say("{} decay", call.decay)},
      {"--weight-decay", say("weight decay {}", call.weight_decay)},
      {"--clip", say("clip {}", call.clip)},
      {"--dropout", say("dropout {}", config.hidden_dropout_prob)},
      {"--init-std", say("std {}", call.init_std)},
      {"--masked", say("masked {}", call.masked)},
      {"--whole-words", say("whole words {}", call.whole_words)},
      {"--no-nsp", say("next sentence {}", !call.no_nsp)},
      {"--nearby-negatives", say("nearby {}", call.nearby)},
      {"--short-rows", say("short rows {}", call.short_rows)},
      {"--seed", say("seed {}", call.seed)},
      {"TEXT", "text " + fingerprint(training)},
      {"--held-out", "held out " + fingerprint(held_out)},
      {"--from", start},
      {"--no-sinusoids", say("sinusoids {}", config.init.sinusoidal_positions)},
      {"--output-from-value", say("output from value {}", config.init.output_from_value)},
      {"--block-sentences", say("blocks of {}", call.block_sentences)},
      {call.held_out.empty() ? "--held-out-fraction" : "--held-out",
       call.held_out.empty() ? say("a part of {}", call.held_out_fraction) : "a text of its own"},
      {"--vocab-size", learns ? say("a learned vocabulary of {}", call.vocab_size) : "a given vocabulary",
       !said("--vocab-size")},
      {"--alphabet", learns ? say("an alphabet of {}", call.alphabet) : "a given alphabet",
       !said("--alphabet")}};
}

/// Keeps other runs out of the folder as long as it lives.
bert::FolderLock hold(const fs::path& out) {
  if (auto lock = bert::FolderLock::take(out)) {
    remove_leftovers(out);
    return std::move(*lock);
  }
  fail<WrongCall>(
      "--out '{}': another run is at work in this folder; wait until it has ended, or name another folder",
      out.string());
}

/// The checkpoint with which a run goes on, or nothing for a run that begins.
std::optional<bert::Resumable> checkpoint_to_resume(const Call& call) {
  const std::string out = call.out.string();
  const bool has_model = fs::exists(call.out / "model.safetensors");
  if (!call.resume) {
    if (!bert::newest_checkpoint(call.out) && !has_model) return std::nullopt;
    throw WrongCall(fmt::format(
        "--out '{}' holds a run already; add --resume to go on with it, or name another folder", out));
  }
  if (auto found = bert::find_resumable(call.out)) return found;
  if (has_model) {
    throw WrongCall(
        fmt::format("--resume: '{}' holds a model but no checkpoint to go on from; name another "
                    "folder with --out, and leave --resume out",
                    out));
  }
  throw WrongCall(fmt::format("--resume: there is no run in '{}'; leave --resume out to begin one", out));
}

/// The vocabulary of a run that goes on is the one in its checkpoint.
bert::Tokenizer tokenizer_of(const Call& call, const std::optional<fs::path>& checkpoint) {
  const bool has_vocab_size = call.given.contains("--vocab-size");
  if (has_vocab_size && !call.vocab.empty())
    throw WrongCall(
        "--vocab-size is for a vocabulary that is learned, and --vocab names one; give one of them");
  if (call.given.contains("--alphabet") && !call.vocab.empty())
    throw WrongCall(
        "--alphabet is for a vocabulary that is learned, and --vocab names one; give one of them");
  if (!checkpoint && call.from.empty())
    return call.vocab.empty() ? learn_vocabulary(call) : open_tokenizer(call.vocab, call.cased);
  bert::Tokenizer tokenizer = bert::load_tokenizer(checkpoint ? *checkpoint : call.from);
  if (!checkpoint) {
    StartChecks checks(call.from, call.given);
    checks.compare("--vocab-size", tokenizer.vocab().size(), call.vocab_size);
    if (checks.is_given("--alphabet"))
      checks.add("--alphabet", "has a vocabulary, and this is for one that is learned");
    if (!call.vocab.empty() && !(open_tokenizer(call.vocab, call.cased).vocab() == tokenizer.vocab()))
      checks.add("--vocab", "has another vocabulary than " + call.vocab.string());
    checks.finish();
    return tokenizer;
  }
  if (has_vocab_size && call.vocab_size < tokenizer.vocab().size()) {
    throw WrongCall(fmt::format("--vocab-size: the run in '{}' has {} pieces, not {}", call.out.string(),
                                tokenizer.vocab().size(), call.vocab_size));
  }
  if (!call.vocab.empty() && !(open_tokenizer(call.vocab, call.cased).vocab() == tokenizer.vocab())) {
    throw WrongCall(
        fmt::format("--vocab: the run in '{}' was begun with another vocabulary than {}; leave "
                    "--vocab out to go on with that of the run",
                    call.out.string(), call.vocab.string()));
  }
  return tokenizer;
}

struct Texts {
  std::shared_ptr<const bert::TokenizedCorpus> training, held_out;
  std::vector<TextAccount> accounts;
};

Texts read_texts(const Call& call, const bert::Tokenizer& tokenizer, Progress& progress) {
  std::vector<TextAccount> accounts;
  const bert::CorpusOptions how{.block_sentences = call.block_sentences};
  bert::TokenizedCorpus training = bert::read_corpus(call.texts, tokenizer, how), held_out;
  accounts.push_back(account_of(call.texts, training, tokenizer));
  check_maskable(accounts.back());
  if (!call.no_nsp) check_pairs(training, joined_names(call.texts));
  if (!call.held_out.empty()) {
    held_out = bert::read_corpus(call.held_out, tokenizer, how);
    accounts.push_back(account_of(call.held_out, held_out, tokenizer));
    accounts.back().name = "--held-out " + accounts.back().name;
    check_maskable(accounts.back());
    if (!call.no_nsp) check_pairs(held_out, "--held-out " + joined_names(call.held_out));
  } else if (call.held_out_fraction > 0) {
    bert::CorpusSplit split =
        hold_out(std::move(training), call.held_out_fraction, static_cast<uint64_t>(call.seed), !call.no_nsp);
    training = std::move(split.training);
    held_out = std::move(split.held_out);
    if (held_out.documents() == 0) {
      progress.say(
          fmt::format("{}: the text is too small for holding a part of it out, so nothing is evaluated; "
                      "--held-out names a text for that",
                      joined_names(call.texts)));
    }
  }
  return {std::make_shared<const bert::TokenizedCorpus>(std::move(training)),
          std::make_shared<const bert::TokenizedCorpus>(std::move(held_out)), std::move(accounts)};
}

/// What a run of another length does to the learning rate.
std::string about_longer_run(const Call& call, const bert::TrainingState& state, double before) {
  const bool by_steps = call.steps > 0;
  std::string line = by_steps ? fmt::format("the run goes on to {} steps instead of {}", call.steps, before)
                              : fmt::format("the run goes on to {} {} instead of {}", call.minutes,
                                            plural(call.minutes, "minute"), before);
  if (call.decay == "constant") return line + "; its learning rate stays as it is";
  line += fmt::format("; the {} decay now ends there, so the learning rate ", call.decay);
  if (!by_steps) return line + "is higher again than it was";
  const auto rate = [&](int64_t total) {
    return nn::Schedule{.kind = nn::schedule_by_name(call.decay),
                        .peak = call.learning_rate,
                        .warmup = call.warmup,
                        .total = std::max({total, state.step + 1, call.warmup + 1})}(state.step);
  };
  return line + fmt::format("after step {} is {:.3g}, and was to be {:.3g}", state.step, rate(call.steps),
                            state.step >= std::llround(before) ? 0.0 : rate(std::llround(before)));
}

/// The settings with which the run was begun. @throws WrongCall when this call has others that may not
/// change.
std::string check_resumed(const Call& call, const bert::Resumable& found,
                          const std::vector<RunSetting>& settings, Progress& progress) {
  const bert::TrainingState& state = found.state;
  const SettingChanges changes = check_settings(state.settings, settings);
  if (changes.learning_rate) {
    progress.say(fmt::format("the run goes on with another learning rate, {}", call.learning_rate));
  }
  if (changes.length_before) progress.say(about_longer_run(call, state, *changes.length_before));
  return state.settings;
}

/// The steps of warm-up: where they were not said, those that the run was begun with, or a tenth of a run
/// that ends before the usual number.
int64_t warmup_of(const Call& call, const std::optional<bert::Resumable>& found,
                  std::vector<std::string>& notes) {
  const bool said = call.given.contains("--warmup");
  if (found && !said) {
    if (const auto steps = number_in(found->state.settings, "warm-up ")) return std::llround(*steps);
  }
  if (call.steps == 0 || call.warmup < call.steps || found) return call.warmup;
  if (said) {
    notes.push_back(
        fmt::format("warning: --warmup {} is not over when the run ends after {} {}, so the learning "
                    "rate never reaches {}",
                    call.warmup, call.steps, plural(call.steps, "step"), call.learning_rate));
    return call.warmup;
  }
  const int64_t tenth = call.steps / 10;
  if (tenth == 0) {
    notes.push_back(fmt::format("there is no warm-up, since a tenth of {} is less than one; --warmup sets it",
                                counted(call.steps, "step")));
    return 0;
  }
  notes.push_back(
      fmt::format("the warm-up takes {} of the {} steps, a tenth, instead of {}; --warmup sets it", tenth,
                  call.steps, call.warmup));
  return tenth;
}

std::string progress_note(const bert::StepReport& r) {
  return fmt::format("step {}  loss {:.3f}  MLM {:.3f} ({:.0f} %)  NSP {:.3f} ({:.0f} %)  {:.0f}k tokens/s",
                     r.step, r.loss, r.mlm_loss, 100 * r.mlm_accuracy, r.nsp_loss, 100 * r.nsp_accuracy,
                     r.slots_per_second / 1000);
}

std::string evaluation_line(const bert::StepReport& r, const bert::Evaluation& e) {
  std::string line = fmt::format("step {}: held out: MLM accuracy {:.3f}, perplexity {:.2f}", r.step,
                                 e.mlm_accuracy(), e.perplexity());
  if (e.pairs[0] + e.pairs[1] > 0) {
    const bool one_answer = e.pairs[0] > 0 && e.pairs[1] > 0 &&
                            !bert::one_answer(e.nsp_accuracy_of(0), e.nsp_accuracy_of(1)).empty();
    line += fmt::format(", NSP accuracy {:.3f} (next {:.3f}, random {:.3f}{})", e.nsp_accuracy(),
                        e.nsp_accuracy_of(0), e.nsp_accuracy_of(1),
                        one_answer ? ": one answer for nearly every pair" : "");
  }
  return line;
}

void run(Call call) {
  if (call.steps > 0 && call.minutes > 0)
    throw WrongCall("--steps and --minutes both say how long to train; leave one of them out");
  if (!(call.steps > 0 || call.minutes > 0))
    throw WrongCall("say how long to train, with either --steps or --minutes");
  if (call.given.contains("--held-out-fraction") && call.held_out_fraction > 0 && !call.held_out.empty()) {
    throw WrongCall(
        "--held-out-fraction is for a text of which a part is held out, and --held-out names one for "
        "evaluation; give one of them");
  }
  std::optional<bert::FolderLock> lock;  // a folder that is not there yet is made and held when all is known
  if (fs::is_directory(call.out)) lock.emplace(hold(call.out));
  const std::optional<bert::Resumable> found = checkpoint_to_resume(call);
  const std::optional<fs::path> checkpoint = found ? std::optional(found->checkpoint) : std::nullopt;
  if (call.threads > 0) set_num_threads(static_cast<int>(call.threads));
  const bert::Tokenizer tokenizer = tokenizer_of(call, checkpoint);
  if (call.cased && tokenizer.normalizer().lowercase) {
    throw WrongCall(fmt::format("--cased: the tokenizer in '{}' makes lower case of everything",
                                (checkpoint          ? call.out
                                 : call.from.empty() ? call.vocab
                                                     : call.from)
                                    .string()));
  }
  const bert::Config config = make_config(call, tokenizer.vocab().size());
  if (!call.from.empty()) check_vocabulary("pretrain", tokenizer, config);
  Progress progress("pretraining");
  if (found) {
    for (const std::string& damaged : found->damaged)
      progress.say(fmt::format("{}; this checkpoint is left alone, and {} taken", damaged,
                               found->checkpoint.string()));
  }
  const auto [shared, shared_held_out, accounts] = read_texts(call, tokenizer, progress);
  const bert::MaskingVocabulary pieces = bert::MaskingVocabulary::of(tokenizer);
  const auto training = std::make_shared<const bert::PretrainingData>(shared, pieces, data_options(call));
  std::shared_ptr<const bert::PretrainingData> scored;
  std::optional<bert::BigramBaseline> baseline;
  if (shared_held_out->documents() > 0) {
    scored = std::make_shared<const bert::PretrainingData>(shared_held_out, pieces, data_options(call));
    baseline.emplace(*shared, pieces);
  }
  if (!call.no_nsp) check_both_labels(*training, joined_names(call.texts));

  const std::string advice = call.from.empty()
                                 ? learn_another
                                 : "its tokenizer is that of --from, so leave that out to learn another";
  std::vector<std::string> notes;  // said when nothing stands in the way of training any more
  for (const TextAccount& account : accounts)
    for (std::string& line : to_lines(account, !call.no_nsp, advice)) notes.push_back(std::move(line));
  if (scored && !call.no_nsp) {
    if (const std::string missing = missing_label(*scored); !missing.empty())
      notes.push_back("warning: of the text that is held out, " + missing +
                      "; its NSP accuracy says nothing");
  }
  call.warmup = warmup_of(call, found, notes);
  const StartModel start = start_model(call.from, config, static_cast<uint64_t>(call.seed));
  const bert::BertForPreTraining& model = start.model;
  if (!found) notes.insert(notes.end(), start.warnings.begin(), start.warnings.end());
  bert::TrainerOptions options = trainer_options(call);
  std::vector<RunSetting> settings = run_settings(call, config, *shared, *shared_held_out, start.settings);
  if (found) keep_unsaid(found->state.settings, settings);
  options.settings = settings_line(settings);
  if (found) options.also_resumes = check_resumed(call, *found, settings, progress);
  options.baseline = baseline ? &*baseline : nullptr;

  RunReport report(call.out, config, *shared, *shared_held_out, tokenizer, options, call.samples);
  bert::TrainerEvents events;
  events.step = [&](const bert::StepReport& step) {
    progress.update(step.progress, progress_note(step), step.seconds_left);
    report.add(step);
  };
  events.evaluation = [&](const bert::StepReport& step, const bert::Evaluation& evaluation) {
    progress.say(evaluation_line(step, evaluation));
    report.add(step, evaluation, model);
  };
  const InterruptGuard guard;
  events.stop = [] { return interrupted(); };
  bert::Trainer trainer(model, tokenizer, training, scored, options, call.out, events);
  if (call.resume) trainer.resume();
  if (trainer.is_done() && report.is_finished(trainer.state(), scored != nullptr)) {
    progress.say("the run is finished already; nothing is changed");
    report.look_at(trainer.state(), trainer.final_evaluation());
  } else {
    if (!lock) {
      make_folder(call.out);
      lock.emplace(hold(call.out));
      checkpoint_to_resume(call);  // refuses a run that another process began and ended meanwhile
    }
    for (const std::string& missing : report.begin(trainer.state(), trainer.evaluates_first()))
      progress.say(missing);
    for (const std::string& note : notes) progress.say(note);
    const bert::TrainingEnd end = trainer.run();
    report.write(model);
    if (end == bert::TrainingEnd::interrupted) {
      progress.say(fmt::format("stopped after step {}; everything is saved, and --resume goes on from there",
                               trainer.state().step));
      throw Exit{kInterrupted};
    }
  }
  if (const int64_t steps = trainer.state().step;
      call.minutes > 0 && steps <= options.warmup && options.warmup_share == 1) {
    progress.say(
        fmt::format("warning: the run ended after {} {}, within the {} of its warm-up, so the learning "
                    "rate never reached {}",
                    steps, plural(steps, "step"), options.warmup, call.learning_rate));
  }
  if (call.json) {
    print(report.summary());
  } else {
    print(report.closing_words());
  }
}

}  // namespace

void add_pretrain(CLI::App& program) {
  auto call = std::make_shared<Call>();
  CLI::App* c =
      add_command(program, "pretrain", "Train a BERT with MLM and NSP on text files",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus fill-mask model \"Tom went to the [MASK].\"");
  add_paths(*c, "TEXT", call->texts, "FILE",
            "Training text: a sentence a line, an empty line between documents")
      ->required();
  add_path(*c, "--out", call->out, "FOLDER",
           "Where the model, its checkpoints, metrics.csv and report.html go")
      ->required();
  add_paths(*c, "--held-out", call->held_out, "FILE",
            "Text for evaluation; without it a part of the documents is held out");
  add_number(*c, "--held-out-fraction", call->held_out_fraction, "The part that is held out; 0 for none",
             {0, 0.5});
  add_path(*c, "--vocab", call->vocab, "FILE",
           "A vocab.txt, or a folder with a tokenizer; without it one is learned");
  add_whole(*c, "--vocab-size", call->vocab_size, "Pieces of a learned vocabulary", 10);
  add_whole(*c, "--alphabet", call->alphabet,
            "The most characters of a learned vocabulary; 0: as many as there is room for", 0, 1'000'000);
  c->add_flag("--cased", call->cased, "Keep capitals and accents");
  add_whole(*c, "--block-sentences", call->block_sentences,
            "Cut a text without empty lines into documents of so many lines", 0);

  add_whole(*c, "--steps", call->steps, "Train for so many steps");
  add_number(*c, "--minutes", call->minutes, "Train for so many minutes", {0, 1e6, false, true});
  c->add_flag(
      "--resume", call->resume,
      "Go on with the run in --out and its vocabulary, bit for bit; --steps or --minutes may be more");
  add_path(*c, "--from", call->from, "FOLDER",
           "Begin with the weights, config and tokenizer of a model folder, ours or Hugging Face's");

  add_choice(*c, "--size", call->size, {"tiny", "mini", "small", "medium", "base"}, "A published size");
  constexpr int64_t most = bert::Config::largest;
  add_whole(*c, "--layers", call->layers, "Layers, in place of those of --size", 1, most);
  add_whole(*c, "--hidden", call->hidden,
            "Hidden size; heads become hidden / 64 and the inner width 4 hidden", 1, most / 4);
  add_whole(*c, "--heads", call->heads, "Attention heads", 1, most);
  add_whole(*c, "--intermediate", call->intermediate, "Width inside the feed-forward layers", 1, most);
  add_whole(*c, "--positions", call->positions, "The longest sequence; at least the longest of --length", 1,
            most);
  add_choice(*c, "--activation", call->activation, {"gelu", "gelu_new", "relu", "silu"},
             "Activation of the feed-forward layers");
  add_number(*c, "--dropout", call->dropout, "Dropout of hidden states and attention probabilities",
             {0, 1, true, false});
  add_number(*c, "--init-std", call->init_std, "Standard deviation of fresh weights", {0, 1, false, true});
  c->add_flag("--no-sinusoids", call->no_sinusoids, "Begin with random positions, not with sinusoids");
  c->add_flag("--output-from-value", call->output_from_value,
              "Begin each W_o as W_v transposed: copying is learned sooner");

  c->add_option("--length", call->lengths, "Slots a row: 64, or 32:0.5,64:0.8,128 by share of the run")
      ->capture_default_str();
  add_whole(*c, "--slots", call->slots, "Slots (tokens and padding) of a batch");
  add_whole(*c, "--accumulate", call->accumulate, "Batches whose gradients make one step", 1, 100'000);
  add_choice(*c, "--optimizer", call->optimizer, {"adamw", "bert-adam", "adam", "sgd"}, "Optimiser");
  add_number(*c, "--learning-rate", call->learning_rate, "Learning rate after the warm-up",
             {0, 100, false, true});
  add_whole(*c, "--warmup", call->warmup,
            "Steps of warm-up; in a run that ends sooner a tenth of it, unless said", 0);
  add_choice(*c, "--decay", call->decay, {"linear", "cosine", "constant"},
             "How the rate falls after the warm-up");
  add_number(*c, "--weight-decay", call->weight_decay, "Weight decay, not on biases and LayerNorm", {0, 10});
  add_number(*c, "--clip", call->clip, "The most that the gradient's norm may be", {0, 1e9, false, true});
  add_number(*c, "--masked", call->masked, "Share of the pieces that is masked", {0, 1, false, false});
  add_number(*c, "--nearby-negatives", call->nearby,
             "How often a random second sentence comes from a document close by", {0, 1});
  add_number(*c, "--short-rows", call->short_rows, "How often a row is made shorter at random", {0, 1});
  c->add_flag("--whole-words", call->whole_words, "Mask all pieces of a word or none");
  c->add_flag("--no-nsp", call->no_nsp, "Without next sentence prediction");

  add_whole(*c, "--evaluations", call->evaluations, "Evaluations along the way", 0);
  add_whole(*c, "--evaluation-rows", call->evaluation_rows, "Held-out rows of each; the last one takes all");
  add_number(*c, "--save-minutes", call->save_minutes, "Minutes between checkpoints", {0, 1e6, false, true});
  add_whole(*c, "--save-steps", call->save_steps, "Steps between checkpoints, in place of minutes");
  add_whole(*c, "--keep", call->keep, "Checkpoints to keep, beside the best one", 1, 1'000'000);
  add_whole(*c, "--samples", call->samples, "Held-out sentences whose masks are filled in along the way", 0);
  add_whole(*c, "--seed", call->seed, "Of initialisation, data and dropout", 0);
  add_threads(*c, call->threads);
  add_json(*c, call->json);
  c->callback([call, c] {
    for (const CLI::Option* option : c->get_options())
      if (option->count() > 0) call->given.insert(option->get_name());
    run(*call);
  });
}

}  // namespace gradus::app

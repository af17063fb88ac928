// gradus pretrain: MLM and NSP from text files, with checkpoints, metrics.csv and report.html.
#include <algorithm>
#include <functional>
#include <memory>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/input/model_files.hpp"
#include "app/input/pretraining_text.hpp"
#include "app/input/text_account.hpp"
#include "app/input/text_source.hpp"
#include "app/options/options.hpp"
#include "app/pretrain/pretrain_options.hpp"
#include "app/pretrain/pretrain_resume.hpp"
#include "app/pretrain/pretrain_start.hpp"
#include "app/pretrain/run_report.hpp"
#include "app/pretrain/start_model.hpp"
#include "app/ranks/ranks.hpp"
#include "app/ranks/shards.hpp"
#include "app/ranks/workers.hpp"
#include "app/runs/run_folder.hpp"
#include "app/terminal/interrupt.hpp"
#include "app/terminal/progress.hpp"
#include "autograd/plural.hpp"
#include "bert/evaluation/verdict.hpp"
#include "bert/training/trainer.hpp"

namespace gradus::app {
namespace {

namespace fs = std::filesystem;

struct Texts {
  std::shared_ptr<const bert::TokenizedCorpus> training, held_out;
  std::vector<TextAccount> accounts;
};

/// What to do about a vocabulary that does not know much of the text.
std::string what_would_know_more(const PretrainCall& call) {
  if (!call.from.empty()) return "its tokenizer is that of --from, so leave that out to learn another";
  const std::string larger = "ask for a larger one with --vocab-size";
  return call.vocab.empty() ? larger : "leave --vocab out to learn one from it, or " + larger;
}

/// `make_out` makes sure that the run's folder is there, for what a large text leaves in it. Processes read a
/// text from one token file, which the first of them makes.
Texts read_texts(const PretrainCall& call, const bert::Tokenizer& tokenizer, Progress& progress,
                 const std::function<void()>& make_out, const parallel::World& world) {
  constexpr const char *nothing = "nothing to learn",
                       *other_vocabulary = "take a vocabulary that is made for this text";
  std::vector<TextAccount> accounts;
  const int64_t limit = world.size() > 1 && !is_worker() ? 0 : call.map_above * 1'000'000;
  const auto open = [&](const std::vector<fs::path>& files, const char* name) {
    return open_text(files, tokenizer, call.block_sentences, [&]() -> std::optional<fs::path> {
      if (size_of(files) <= limit) return std::nullopt;
      make_out();
      if (world.rank() > 0 && !bert::is_token_file(call.out / name))
        fail<IoError>("{} is not there for {}; --out must be a folder that all ranks share",
                      (call.out / name).string(), world.name_of(world.rank()));
      return call.out / name;
    });
  };
  const auto select = [&](const bert::TokenizedCorpus& all, const std::vector<int64_t>& documents) {
    constexpr int64_t small = 8'000'000;  // tokens, of which each takes four bytes in memory
    if (!all.is_mapped() || all.tokens() <= std::min(small, limit / 4)) return all.select(documents);
    make_out();
    return bert::select_on_disk(all, documents, tokenizer.vocab().size(), call.out / token_file_name);
  };
  OpenedText text = open(call.texts, token_file_name);
  bert::TokenizedCorpus training = std::move(text.corpus), held_out;
  accounts.push_back(std::move(text.account));
  check_maskable(accounts.back(), nothing, other_vocabulary);
  if (call.data.next_sentence) check_pairs(training, joined_names(call.texts));
  if (!call.held_out.empty()) {
    OpenedText apart = open(call.held_out, "held-out.tokens");
    held_out = std::move(apart.corpus);
    accounts.push_back(std::move(apart.account));
    accounts.back().name = "--held-out " + accounts.back().name;
    check_maskable(accounts.back(), nothing, other_vocabulary);
    if (call.data.next_sentence) check_pairs(held_out, "--held-out " + joined_names(call.held_out));
  } else if (call.held_out_fraction > 0) {
    bert::CorpusSplit split = hold_out(std::move(training), call.held_out_fraction,
                                       static_cast<uint64_t>(call.seed), call.data.next_sentence, select);
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

/// However a run masks and packs its rows, it is scored on the same ones, so that runs can be compared.
bert::PretrainingOptions for_evaluation(bert::PretrainingOptions options) {
  const bert::PretrainingOptions usual;
  options.masked_fraction = usual.masked_fraction;
  options.whole_words = usual.whole_words;
  options.pack = usual.pack;
  return options;
}

std::string progress_note(const bert::StepReport& r, int64_t ranks) {
  std::string note = fmt::format(
      "step {}  loss {:.3f}  MLM {:.3f} ({:.0f} %)  NSP {:.3f} ({:.0f} %)  {:.0f}k tokens/s", r.step, r.loss,
      r.mlm_loss, 100 * r.mlm_accuracy, r.nsp_loss, 100 * r.nsp_accuracy, r.slots_per_second / 1000);
  if (ranks > 1)
    note += fmt::format(" of {} {}, {:.0f} % waiting", ranks, colleagues(), 100 * r.waiting_share);
  return note;
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

/// @throws WrongCall for an option that would change nothing beside the others, or cannot hold beside them.
void check_together(const PretrainCall& call) {
  const bert::TrainerOptions& trainer = call.trainer;
  if (call.said("--ramp") && trainer.first_slots == 0)
    fail<WrongCall>(
        "--ramp says how long batches grow; give --first-slots, from which they do, or leave it out");
  if (trainer.first_slots > trainer.slots)
    fail<WrongCall>("--first-slots {} is more than the {} of --slots, to which batches grow",
                    trainer.first_slots, trainer.slots);
  if (call.said("--save-steps") && call.said("--save-minutes"))
    fail<WrongCall>(
        "--save-steps and --save-minutes both say when a checkpoint is due; leave one of them out");
  if (call.said("--nearby-negatives") && !call.data.next_sentence)
    fail<WrongCall>("--nearby-negatives is for next sentence prediction, which --no-nsp leaves out");
  if (trainer.share_moments && trainer.optimizer == "muon")
    fail<WrongCall>(
        "--share-moments is for optimisers that step over each number by itself, and muon needs whole "
        "matrices; "
        "leave one of them out");
  for (const char* option : {"--beta1", "--beta2"}) {
    if (call.said(option) && trainer.optimizer == "sgd")
      fail<WrongCall>("{} is of Adam and its kin; leave it out, or take another --optimizer than sgd",
                      option);
  }
}

void run(PretrainCall call) {
  if (call.trainer.steps > 0 && call.trainer.minutes > 0)
    fail<WrongCall>("--steps and --minutes both say how long to train; leave one of them out");
  if (!(call.trainer.steps > 0 || call.trainer.minutes > 0))
    fail<WrongCall>("say how long to train, with either --steps or --minutes");
  if (call.said("--held-out-fraction") && call.held_out_fraction > 0 && !call.held_out.empty()) {
    fail<WrongCall>(
        "--held-out-fraction is for a text of which a part is held out, and --held-out names one for "
        "evaluation; give one of them");
  }
  check_together(call);
  settle(call);
  if (const int64_t longest = call.trainer.lengths.back().length; call.trainer.slots < longest)
    fail<WrongCall>("--slots {} is less than one row of --length, {}; take at least as many",
                    call.trainer.slots, longest);
  call.trainer.world = join_ranks(call.stall_minutes, call.threads);
  parallel::World& world = *call.trainer.world;
  const bool is_first = world.rank() == 0;  // it holds the folder, and writes
  std::optional<bert::FolderLock> lock;  // a folder that is not there yet is made and held when all is known
  if (is_first && fs::is_directory(call.out)) lock.emplace(hold_run(call.out));
  const std::optional<bert::Resumable> found = bert::share(
      world, is_first ? checkpoint_to_resume(call.out, RunKind::pretraining, call.resume) : std::nullopt);
  const std::optional<fs::path> checkpoint = found ? std::optional(found->checkpoint) : std::nullopt;
  call.trainer.shards = shards_of(call.trainer.shards, call.trainer.accumulate, found, world);
  const int64_t longest = call.trainer.lengths.back().length;
  check_rows_of_step(call.trainer.accumulate * std::max<int64_t>(1, call.trainer.slots / longest),
                     call.trainer.shards,
                     fmt::format("--slots {} in rows of {}", call.trainer.slots, longest), world);
  std::vector<std::string> notes;  // said when nothing stands in the way of training any more
  const bert::Tokenizer tokenizer = tokenizer_of(call, checkpoint, notes, world);
  if (notes.empty())  // it was not learned now
    notes.push_back(
        fmt::format("{}: {}", tokenizer.vocab().name(), counted(tokenizer.vocab().size(), "piece")));
  const fs::path origin = checkpoint ? call.out : call.from.empty() ? call.vocab : call.from;
  if (call.rules.cased && tokenizer.normalizer().lowercase)
    fail<WrongCall>("--cased: the tokenizer in '{}' makes lower case of everything", origin.string());
  if (call.rules.google && !tokenizer.normalizer().google)
    fail<WrongCall>("--google: the tokenizer in '{}' has Hugging Face's rules", origin.string());
  const bert::Config config = make_config(call, tokenizer.vocab().size());
  if (!call.from.empty()) check_vocabulary("pretrain", tokenizer, config);
  Progress progress("pretraining");
  if (found) {
    for (const std::string& damaged : found->damaged)
      progress.say(fmt::format("{}; this checkpoint is left alone, and {} taken", damaged,
                               found->checkpoint.string()));
  }
  std::optional<FolderOfRun> folder;
  const auto make_out = [&] {
    if (lock || !is_first) return;
    folder.emplace(call.out);
    lock.emplace(hold_run(call.out));
    checkpoint_to_resume(call.out, RunKind::pretraining,
                         call.resume);  // refuses a run that another process began and ended meanwhile
  };
  if (!is_first && !is_worker()) world.barrier();  // what the first process makes is there
  const auto texts =
      shared_by_workers<Texts>([&] { return read_texts(call, tokenizer, progress, make_out, world); });
  if (is_first && !is_worker()) world.barrier();
  const bert::TokenizedCorpus &text = *texts->training, &held_out = *texts->held_out;
  const bert::MaskingVocabulary pieces = bert::MaskingVocabulary::of(tokenizer);
  const auto training = std::make_shared<const bert::PretrainingData>(texts->training, pieces, call.data);
  std::shared_ptr<const bert::PretrainingData> scored;
  std::optional<bert::BigramBaseline> baseline;
  if (held_out.documents() > 0) {
    scored =
        std::make_shared<const bert::PretrainingData>(texts->held_out, pieces, for_evaluation(call.data));
    baseline.emplace(text, pieces);
  }
  if (call.data.next_sentence) check_both_labels(*training, joined_names(call.texts));

  const std::string advice = what_would_know_more(call);
  for (const TextAccount& account : texts->accounts)
    for (std::string& line : to_lines(account, call.data.next_sentence, advice))
      notes.push_back(std::move(line));
  if (scored && call.data.next_sentence) {
    if (const std::string missing = missing_label(*scored); !missing.empty())
      notes.push_back("warning: of the text that is held out, " + missing +
                      "; its NSP accuracy says nothing");
  }
  if (world.size() > 1) notes.push_back(about_ranks(world, call.trainer.shards));
  call.trainer.warmup = warmup_of(call, found, notes);
  if (found && !call.said("--learning-rate"))
    call.trainer.learning_rate =
        number_in(found->state.settings, "rate ").value_or(call.trainer.learning_rate);
  const StartModel start = start_model(call.from, config, static_cast<uint64_t>(call.seed));
  const bert::BertForPreTraining& model = start.model;
  if (!found) notes.insert(notes.end(), start.warnings.begin(), start.warnings.end());
  bert::TrainerOptions options = call.trainer;
  std::vector<RunSetting> settings = run_settings(call, config, text, held_out, start.settings);
  if (found) keep_unsaid(found->state.settings, settings);
  options.settings = settings_line(settings);
  if (found) options.also_resumes = check_resumed(call, *found, settings, progress);
  options.baseline = baseline ? &*baseline : nullptr;

  RunReport report(call.out, config, text, held_out, tokenizer, options, call.samples);
  bert::TrainerEvents events;
  std::vector<double> waiting;  // shares of steps
  if (is_first) {
    events.step = [&](const bert::StepReport& step) {
      waiting.push_back(step.waiting_share);
      progress.update(step.progress, progress_note(step, world.size()), step.seconds_left);
      report.add(step);
    };
    events.evaluation = [&](const bert::StepReport& step, const bert::Evaluation& evaluation) {
      progress.say(evaluation_line(step, evaluation));
      report.add(step, evaluation, model);
    };
  }
  const InterruptGuard guard(WhenStopped::is_saved);
  events.stop = [] { return interrupted(); };
  bert::Trainer trainer(model, tokenizer, training, scored, options, call.out, events);
  if (call.resume) trainer.resume();
  if (world.any(is_first && trainer.is_done() && report.is_finished(trainer.state(), scored != nullptr))) {
    progress.say("the run is finished already; nothing is changed");
    report.look_at(trainer.state(), trainer.final_evaluation());
  } else {
    make_out();
    if (folder) folder->keep();
    if (is_first)
      for (const std::string& missing : report.begin(trainer.state(), trainer.evaluates_first()))
        progress.say(missing);
    for (const std::string& note : notes) progress.say(note);
    const bert::TrainingEnd end = trainer.run();
    if (is_first) report.write(model);
    if (end == bert::TrainingEnd::interrupted) {
      progress.say(fmt::format("stopped after step {}; everything is saved, and --resume goes on from there",
                               trainer.state().step));
      throw Exit{exit_interrupted};
    }
  }
  if (const int64_t steps = trainer.state().step;
      call.trainer.minutes > 0 && steps <= options.warmup && options.warmup_share == 1) {
    progress.say(
        fmt::format("warning: the run ended after {} {}, within the {} of its warm-up, so the learning "
                    "rate never reached {}",
                    steps, plural(steps, "step"), options.warmup, call.trainer.learning_rate));
  }
  if (!is_first) return;
  if (call.json) {
    nlohmann::ordered_json summary = report.summary();
    summary["pieces"] = tokenizer.vocab().size();
    summary["texts"] = to_json(texts->accounts);
    if (trainer.step_memory() > 0) summary["step_memory_bytes"] = trainer.step_memory();
    if (world.size() > 1) {
      std::ranges::sort(waiting);
      summary["ranks"] = world.size();
      summary["waiting_share"] = waiting.empty() ? 0 : waiting[waiting.size() / 2];
    }
    print(summary);
  } else {
    print(report.closing_words());
  }
}

}  // namespace

void add_pretrain(CLI::App& program) {
  auto call = std::make_shared<PretrainCall>();
  CLI::App* c =
      add_command(program, "pretrain", "Train a BERT with MLM and NSP on text files",
                  "gradus corpus toy --out toy --stories 2000\n"
                  "gradus pretrain toy/train.txt --held-out toy/held-out.txt --out model --vocab-size 400 "
                  "--steps 20 --evaluation-rows 64\n"
                  "gradus fill-mask model \"Tom went to the [MASK].\"");
  add_options(*c, *call);
  on_call(*c, [call, c] {
    call->given = given_options(*c);
    with_workers(call->workers, call->stall_minutes, [&] { run(*call); });
  });
}

}  // namespace gradus::app

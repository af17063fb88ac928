#include "app/finetune/task_run.hpp"

#include <cmath>
#include <optional>

#include "app/command.hpp"
#include "app/finetune/start_training.hpp"
#include "app/ranks/shards.hpp"
#include "app/ranks/workers.hpp"
#include "app/runs/environment.hpp"
#include "app/runs/run_folder.hpp"
#include "app/runs/run_settings.hpp"
#include "app/terminal/interrupt.hpp"
#include "autograd/file.hpp"
#include "autograd/plural.hpp"
#include "bert/training/training_loop.hpp"

namespace gradus::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* history_file = "history.json";

/// The weights that came from MODEL; those of a head may be drawn from the seed.
nn::StateDict body_of(const nn::Module& model) {
  nn::StateDict weights = model.state_dict();
  std::erase_if(weights, [](const auto& entry) {
    return !entry.first.starts_with("bert.") || entry.first.starts_with("bert.pooler.");
  });
  return weights;
}

/// All that must stay as it is when a run goes on.
std::vector<RunSetting> settings_of(const FinetuneCall& call, const nn::Module& model) {
  const auto say = [](const char* format, const auto&... values) {
    return fmt::format(fmt::runtime(format), values...);
  };
  const bool has_validation = !call.validation.empty();
  return {{"TASK", call.task},
          {"MODEL", "weights " + checked_fingerprint(body_of(model), call.model.string())},
          {"TRAIN", "examples " + fingerprint(call.training)},
          {has_validation ? "--validation" : "--validation-fraction",
           has_validation ? "validation " + fingerprint(call.validation)
                          : say("a part of {}", call.validation_fraction)},
          {"--epochs", say("epochs {}", call.epochs)},
          {"--batch", say("batch {}", call.batch)},
          {"--rows-at-once", say("at once {}", call.rows_at_once)},
          {"--learning-rate", say("rate {}", call.loop.learning_rate)},
          {"--warmup", say("warm-up {}", call.warmup_share)},
          {"--decay", say("{} decay", call.decay)},
          {"--weight-decay", say("weight decay {}", call.loop.weight_decay)},
          {"--clip", say("clip {}", call.loop.clip)},
          {"--dropout", std::isnan(call.dropout) ? "dropout of the model" : say("dropout {}", call.dropout)},
          {"--hide", say("hidden {}", call.hidden)},
          {"--class-weights", say("class weights {}", call.class_weights)},
          {"--pooling", say("pooling {}", call.pooling)},
          {"--loss", say("loss {}", call.loss)},
          {"--temperature", say("temperature {}", call.temperature)},
          {"--alike-from", say("alike from {}", call.alike_from)},
          {"--pronoun", say("pronoun {}", call.pronoun)},
          {"--iob1", say("iob1 {}", call.iob1)},
          {"--freeze", say("frozen {}", call.freeze)},
          {"--layer-decay", say("layer decay {}", call.layer_decay)},
          {"--patience", say("patience {}", call.loop.patience)},
          {"--last-epoch", say("last epoch {}", call.last_epoch)},
          {"--max-length", say("length {}", call.fit.max_length)},
          {"--long-texts", say("long texts {}", call.long_texts)},
          {"--overlap", say("overlap {}", call.fit.overlap)},
          {"--seed", say("seed {}", call.seed)},
          {"--shards", say("shards {}", call.loop.shards)}};
}

bert::KeyValues shown_settings(const FinetuneCall& call, const StartedTask& started, int64_t steps) {
  bert::KeyValues shown = {{"Task", call.task},
                           {"Began with", fmt::format("{}: {}, hidden {}", call.model.string(),
                                                      counted(started.config.num_hidden_layers, "layer"),
                                                      started.config.hidden_size)},
                           {"Training file", call.training.string()}};
  shown.insert(shown.end(), started.about.begin(), started.about.end());
  shown.emplace_back("Length", fmt::format("{} of {} examples, {}", counted(call.epochs, "epoch"), call.batch,
                                           counted(steps, "step")));
  shown.emplace_back(
      "Optimiser",
      fmt::format("AdamW, learning rate {}, warm-up {:.0f} %, {} decay, weight decay {}, clip {}",
                  call.loop.learning_rate, 100 * call.warmup_share, call.decay, call.loop.weight_decay,
                  call.loop.clip));
  if (call.layer_decay < 1)
    shown.emplace_back("Layer-wise rates", fmt::format("each {} of the next", call.layer_decay));
  if (call.freeze > 0) shown.emplace_back("Frozen", "the embeddings and " + counted(call.freeze, "layer"));
  if (call.pooling != "pooler") shown.emplace_back("Pooling", call.pooling);
  if (call.hidden > 0) shown.emplace_back("Hidden pieces", fmt::format("{}", call.hidden));
  shown.emplace_back("Dropout", fmt::format("{}", started.config.hidden_dropout_prob));
  shown.emplace_back(
      "Rows", fmt::format("up to {} pieces, {} of a longer text", call.fit.max_length, call.long_texts));
  shown.emplace_back("Seed", std::to_string(call.seed));
  return shown;
}

std::vector<std::string> names_of(const bert::Findings& findings) {
  std::vector<std::string> names;
  for (const bert::Figure& figure : findings.figures) names.push_back(figure.name);
  return names;
}

std::vector<double> values_of(const bert::Findings& findings) {
  std::vector<double> values;
  for (const bert::Figure& figure : findings.figures) values.push_back(figure.value);
  return values;
}

/// Keeps the run's history and its pages.
class TaskPages {
 public:
  TaskPages(fs::path folder, bert::TaskReport report)
      : folder_(std::move(folder)), report_(std::move(report)) {}

  /// Goes on with what is in the folder, up to `step`.
  void begin(int64_t step) {
    if (step > 0 && fs::exists(folder_ / history_file))
      report_.history = bert::read_task_history(folder_ / history_file);
    report_.history.go_back_to(step);
  }
  void add(const bert::LoopReport& step) {
    report_.history.add({step.step, step.seconds, step.loss, step.learning_rate, step.gradient_norm, {}});
  }
  void add(const bert::LoopReport& step, const bert::Findings& findings) {
    report_.history.names = names_of(findings);
    report_.history.add({.step = step.step, .seconds = step.seconds, .figures = values_of(findings)});
    report_.findings = findings;
    write();
  }
  /// With each checkpoint: a run that is killed goes on with the curves until there.
  void keep_curves() const {
    write_file_atomically(folder_ / history_file, report_.history.to_json());
    write_file_atomically(folder_ / "metrics.csv", report_.history.to_csv());
  }
  /// What a run leaves that is stopped.
  void keep() const { write(); }
  void finish(int64_t best_step, bert::Findings findings) {
    report_.best_step = best_step;
    report_.findings = std::move(findings);
    write();
  }

  const bert::TaskReport& report() const { return report_; }

 private:
  void write() const {
    keep_curves();
    write_file_atomically(folder_ / "report.html", bert::render_task_report(report_));
  }

  fs::path folder_;
  bert::TaskReport report_;
};

/// What may be another when a run goes on, but was left out: as it was.
void keep_unsaid(FinetuneCall& call, const std::string& line) {
  const auto epochs = number_in(line, "epochs "), rate = number_in(line, "rate ");
  if (epochs && !call.said("--epochs")) call.epochs = std::llround(*epochs);
  if (rate && !call.said("--learning-rate")) call.loop.learning_rate = *rate;
}

/// A run of another length, or another rate: a sentence for each.
void say_changes(const FinetuneCall& call, const SettingChanges& changes, Progress& progress) {
  if (changes.learning_rate)
    progress.say(fmt::format("the run goes on with another learning rate, {}", call.loop.learning_rate));
  if (changes.length_before)
    progress.say(fmt::format("the run goes on to {} instead of {:.0f}{}", counted(call.epochs, "epoch"),
                             *changes.length_before,
                             call.decay == "constant" || changes.learning_rate
                                 ? ""
                                 : "; the learning rate is higher again than it was"));
}

bert::LoopOptions loop_options(const FinetuneCall& call, int64_t steps_of_an_epoch, int64_t layers) {
  bert::LoopOptions options = call.loop;
  options.steps = call.epochs * steps_of_an_epoch;
  options.warmup = std::llround(call.warmup_share * static_cast<double>(options.steps));
  options.evaluations = call.epochs;
  options.evaluation_rows = 0;
  options.groups = bert::layer_wise_rates(layers, call.layer_decay);
  constexpr int64_t points = 100;  // of a curve
  options.report_every = std::max<int64_t>(1, options.steps / points);
  return options;
}

}  // namespace

TaskResult run_task(FinetuneCall call, Progress& progress) {
  parallel::World& world = *call.loop.world;
  const bool is_first = world.rank() == 0;  // it holds the folder, and writes
  std::optional<bert::FolderLock> lock;  // a folder that is not there yet is made and held when all is known
  if (is_first && fs::is_directory(call.out)) lock.emplace(hold_run(call.out));
  const std::optional<bert::Resumable> found = bert::share(
      world, is_first ? checkpoint_to_resume(call.out, RunKind::finetuning, call.resume) : std::nullopt);
  call.loop.shards = shards_of(call.loop.shards, 1, found, world);
  if (found) keep_unsaid(call, found->state.settings);
  const StartedTask started = start_training(call);
  bert::TaskTraining& task = *started.task;
  bert::FinetuneLearner learner(task, {.batch_rows = call.batch,
                                       .rows_at_once = call.rows_at_once,
                                       .seed = static_cast<uint64_t>(call.seed)});
  bert::LoopOptions options =
      loop_options(call, learner.steps_of_an_epoch(), started.config.num_hidden_layers);
  if (options.shards > 1 && !task.can_be_cut())
    fail<WrongCall>(
        "--loss contrastive compares all rows of a batch with each other, so a step is one shard: "
        "leave --shards out, and {}",
        how_to_be_alone());
  if (options.shards > call.batch)
    fail<WrongCall>("--batch {} cannot be cut into {} shards; take a larger batch or fewer shards",
                    call.batch, options.shards);
  const std::vector<RunSetting> settings = settings_of(call, task.model());
  options.settings = settings_line(settings);
  if (found) {
    for (const std::string& damaged : found->damaged)
      progress.say(fmt::format("{}; this checkpoint is left alone, and {} taken", damaged,
                               found->checkpoint.string()));
    options.also_resumes = found->state.settings;
    say_changes(call, check_settings(found->state.settings, settings), progress);
  }
  if (!lock && is_first) {
    make_folder(call.out);
    lock.emplace(hold_run(call.out));
    checkpoint_to_resume(call.out, RunKind::finetuning,
                         call.resume);  // refuses a run that another process began meanwhile
  }
  std::vector<std::string> notes = started.notes;
  if (!call.validation.empty() && fingerprint(call.validation) == fingerprint(call.training))
    notes.emplace_back(
        "warning: --validation has the very examples of the training, so its figures say how well they are "
        "remembered");
  bert::TaskReport report{
      .title = "Fine-tuning: " + call.task,
      .subtitle = fmt::format("{} on {}", call.model.filename().string(), call.training.filename().string()),
      .notes = notes,
      .settings = shown_settings(call, started, options.steps),
      .environment = run_environment()};
  const bool is_scored = task.examples() > 0;
  if (is_scored) {
    progress.update(-1, "what guesses without a model reach");
    report.baselines = task.baselines();
  }
  TaskPages pages(call.out, std::move(report));

  const std::string measure = is_scored ? task.measure() : "";
  std::string last;  // of the last evaluation
  bert::LoopEvents events;
  if (is_first) {
    events.step = [&](const bert::LoopReport& step) {
      progress.update(
          step.progress,
          fmt::format("epoch {} of {}  loss {:.3f}{}",
                      std::min<int64_t>(call.epochs, 1 + (step.step - 1) / learner.steps_of_an_epoch()),
                      call.epochs, step.loss, last),
          step.seconds_left);
      pages.add(step);
    };
    events.evaluation = [&](const bert::LoopReport& step) {
      const bert::Findings& findings = learner.findings();
      last = fmt::format("  {} {:.3f}", measure, findings.value());
      progress.say(fmt::format("step {}: {} {:.3f} on {}", step.step, measure, findings.value(),
                               counted(findings.examples, "validation example")));
      pages.add(step, findings);
    };
    events.saving = [&] { pages.keep_curves(); };
  }
  const InterruptGuard guard(WhenStopped::is_saved);
  events.stop = [] { return interrupted(); };
  bert::TrainingLoop loop(learner, options, call.out, events);
  if (found) loop.resume();
  pages.begin(loop.state().step);
  if (world.size() > 1) progress.say(about_ranks(world, options.shards));
  if (!found)
    for (const std::string& note : notes) progress.say(note);
  if (loop.run() == bert::TrainingEnd::interrupted) {
    if (is_first) pages.keep();
    progress.say(fmt::format("stopped after step {}; everything is saved, and --resume goes on from there",
                             loop.state().step));
    throw Exit{exit_interrupted};
  }
  TaskResult result;
  result.best_step = options.ends_with_best ? loop.state().best_step : -1;
  if (is_first) {
    if (is_scored) result.findings = task.score({}, bert::Detail::all);
    pages.finish(result.best_step, result.findings);
  }
  result.baselines = pages.report().baselines;
  result.steps = loop.state().step;
  result.seconds = loop.state().seconds;
  result.step_memory = loop.step_memory();
  return result;
}

std::string to_text(const bert::Findings& findings, const bert::Baselines& baselines) {
  if (findings.figures.empty()) return "";
  std::string text;
  for (const bert::Figure& figure : findings.figures)
    text += fmt::format("{:<20} {}{}\n", figure.name, bert::figure_text(figure),
                        &figure == &findings.figures.front()
                            ? "   of " + counted(findings.examples, "example") +
                                  (std::isfinite(figure.low) ? "; in brackets the 95 % interval" : "")
                            : "");
  const std::string& measure = findings.figures.front().name;
  for (const auto& [name, value] : baselines)
    text += fmt::format("{:<20} {:.3f}   {} without a model\n", name, value, measure);
  for (const auto& [name, value] : baselines)
    if (value >= findings.value())
      text += fmt::format("The model is no better than the guess \"{}\".\n", name);
  return text;
}

nlohmann::ordered_json to_json(const bert::Findings& findings, const bert::Baselines& baselines) {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
  };
  nlohmann::ordered_json figures = nlohmann::ordered_json::object(), guesses = figures;
  for (const bert::Figure& figure : findings.figures)
    figures[figure.name] = {
        {"value", number(figure.value)}, {"low", number(figure.low)}, {"high", number(figure.high)}};
  for (const auto& [name, value] : baselines) guesses[name] = number(value);
  return {{"examples", findings.examples}, {"figures", figures}, {"baselines", guesses}};
}

}  // namespace gradus::app

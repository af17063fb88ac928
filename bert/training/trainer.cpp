#include "bert/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/training/resumable.hpp"
#include "nn/optimizer_names.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace {

using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

/// Thrown between two batches of a step or an evaluation that is to stop.
struct Stopped {};

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void check(const TrainerOptions& options, const Config& config) {
  if ((options.steps > 0) == (options.minutes > 0)) {
    fail<Error>("a run needs either a number of steps or a number of minutes above 0");
  }
  if (options.lengths.empty() || options.lengths.back().until < 1) {
    fail<Error>("the last stage of the row lengths must reach the end of the run");
  }
  const auto at_least = [](const char* name, auto value, auto least) {
    if (!(value >= least) || !std::isfinite(static_cast<double>(value)))
      fail<Error>("{} is {}, and must be a number from {} on", name, value, least);
  };
  const auto above_0 = [](const char* name, double value) {
    if (!(value > 0)) fail<Error>("{} is {}, and must be above 0", name, value);
  };
  const auto in_01 = [](const char* name, double value) {
    if (!(value >= 0 && value < 1)) fail<Error>("{} is {}, and must be from 0 up to 1", name, value);
  };
  at_least("warmup", options.warmup, int64_t{0});
  at_least("evaluations", options.evaluations, int64_t{0});
  at_least("evaluation_rows", options.evaluation_rows, int64_t{0});
  at_least("final_rows", options.final_rows, int64_t{0});
  at_least("save_steps", options.save_steps, int64_t{0});
  at_least("keep", options.keep, int64_t{1});
  at_least("report_every", options.report_every, int64_t{1});
  at_least("learning_rate", options.learning_rate, 0.0);
  at_least("weight_decay", options.weight_decay, 0.0);
  above_0("clip", options.clip);
  above_0("save_minutes", options.save_minutes);
  above_0("ramp", options.ramp);
  in_01("beta1", options.beta1);
  in_01("beta2", options.beta2);
  in_01("masked_at_end", options.masked_at_end);
  for (const LengthStage& stage : options.lengths) {
    at_least("the length of rows", stage.length, int64_t{5});
    if (stage.length > config.max_position_embeddings) {
      fail<Error>("rows of {} slots are longer than the {} positions of the model", stage.length,
                  config.max_position_embeddings);
    }
  }
  if (options.slots < 1 || options.accumulate < 1)
    fail<Error>("a step needs at least one slot and one batch");
  if (options.first_slots < 0 || options.first_slots > options.slots)
    fail<Error>("batches begin with {} slots, and must begin with at most the {} of the others",
                options.first_slots, options.slots);
}

/// The biases of the encoder are no longer trained: those of its linear maps and of its LayerNorms.
void freeze_biases(const BertForPreTraining& model) {
  for (const auto& [name, parameter] : model.bert.encoder.named_parameters())
    if (name.ends_with("bias")) Tensor(parameter).requires_grad(false);
}

}  // namespace

Trainer::Trainer(BertForPreTraining model, Tokenizer tokenizer,
                 std::shared_ptr<const PretrainingData> training,
                 std::shared_ptr<const PretrainingData> held_out, TrainerOptions options, fs::path folder,
                 TrainerEvents events)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      reader_(std::move(training)),
      held_out_(std::move(held_out)),
      options_(std::move(options)),
      folder_(std::move(folder)),
      checkpoints_(folder_),
      events_(std::move(events)) {
  check(options_, model_.bert.config);
  if (!options_.train_biases) freeze_biases(model_);
  optimizer_ = nn::optimizer_by_name(options_.optimizer, model_,
                                     {.learning_rate = options_.learning_rate,
                                      .weight_decay = options_.weight_decay,
                                      .beta1 = options_.beta1,
                                      .beta2 = options_.beta2});
  state_.seed = options_.seed;
  state_.settings = options_.settings;
}

// ---- The training loop ----

TrainingEnd Trainer::run() {
  model_.train();
  if (held_out_) held_out_rows_ = held_out_->plan_epoch(0, options_.lengths.back().length).size();
  StepReport report = report_here();
  if (evaluates_first() && !is_done() && !evaluate_now(report, options_.evaluation_rows))
    return interrupted();
  double saved_at = state_.seconds;
  while (!is_done()) {
    const int64_t before = stretch(options_, state_);
    const std::optional<StepReport> done = step();
    if (!done) return interrupted();
    report = *done;
    if (events_.step && (state_.step % options_.report_every == 0 || is_done())) events_.step(report);
    if (is_done()) break;
    const bool evaluates = stretch(options_, state_) != before;
    if (evaluates && !evaluate_now(report, options_.evaluation_rows)) return interrupted();
    if (must_stop()) return interrupted();
    if (!is_save_due(saved_at)) continue;
    save();
    saved_at = state_.seconds;
  }
  save();
  if (!evaluate_now(report, options_.final_rows)) return interrupted();
  save_pretrained(folder_, model_, &tokenizer_);
  return TrainingEnd::finished;
}

/// Nothing when it was asked to stop: then the run stands where it stood before.
std::optional<StepReport> Trainer::step() {
  const Clock::time_point begin = Clock::now();
  const TrainingState before = state_;
  const double rate = learning_rate(options_, state_);
  // Guesses are counted where they are reported: finding them costs about a hundredth of a step.
  const int64_t number = state_.step + 1;
  const bool with_accuracy = number % options_.report_every == 0 || number == options_.steps;
  StepLoss loss;
  try {
    loss = forward_backward(with_accuracy);
  } catch (const Stopped&) {
    go_back_to(before);
    return std::nullopt;
  }
  if (!std::isfinite(loss.loss())) fail_not_finite(before, fmt::format("the loss is {}", loss.loss()));
  optimizer_->set_learning_rate(rate);
  if (!std::isfinite(optimizer_->grad_norm())) fail_not_finite(before, "the gradient is not finite");
  const double norm = optimizer_->clipped_step(options_.clip);
  ++state_.step;
  const double took = seconds_since(begin);
  state_.seconds += took;
  pace_.add(progress(options_, state_) - progress(options_, before), took);
  if (with_accuracy) {
    mlm_accuracy_ = loss.mlm_accuracy();
    nsp_accuracy_ = loss.nsp_accuracy();
  }
  StepReport report = report_here();
  report.loss = loss.loss();
  report.mlm_loss = loss.mlm_loss;
  report.nsp_loss = loss.nsp_loss;
  report.mlm_accuracy = mlm_accuracy_;
  report.nsp_accuracy = nsp_accuracy_;
  report.learning_rate = rate;
  report.gradient_norm = norm;
  report.slots_per_second = static_cast<double>(state_.slots - before.slots) / took;
  report.seconds_left = seconds_left();
  return report;
}

/// The batches of a step and the gradient of its loss.
StepLoss Trainer::forward_backward(bool with_accuracy) {
  // Dropout draws from a generator that follows from the step alone, so a resumed run draws the same.
  default_rng() = Rng(options_.seed).split(static_cast<uint64_t>(state_.step));
  optimizer_->zero_grad();
  std::vector<PretrainingBatch> batches;
  for (int64_t i = 0; i < options_.accumulate; ++i) {
    if (i > 0) check_stop();
    batches.push_back(reader_.next(state_, row_length(options_, state_), batch_slots(options_, state_),
                                   masked_fraction(options_, state_, reader_.options().masked_fraction)));
  }
  return backward_step(model_, batches, with_accuracy, [this] { check_stop(); });
}

StepReport Trainer::report_here() const {
  StepReport report;
  report.step = state_.step;
  report.slots = state_.slots;
  report.tokens = state_.tokens;
  report.seconds = state_.seconds;
  report.progress = progress(options_, state_);
  return report;
}

double Trainer::seconds_left() const {
  const double of_steps = pace_.seconds_for(std::max(0.0, 1 - progress(options_, state_)));
  if (!held_out_) return of_steps;
  const auto rows = [&](int64_t asked) {
    return asked > 0 ? std::min(asked, held_out_rows_) : held_out_rows_;
  };
  const int64_t along_the_way = std::max<int64_t>(0, options_.evaluations - 1 - stretch(options_, state_));
  const int64_t to_come = along_the_way * rows(options_.evaluation_rows) + rows(options_.final_rows);
  return of_steps + evaluation_pace_.seconds_for(static_cast<double>(to_come));
}

// ---- Evaluation ----

std::optional<Evaluation> Trainer::evaluation_of(int64_t rows) const {
  if (!held_out_) return std::nullopt;
  const int64_t length = options_.lengths.back().length;
  const EvaluationOptions how{.rows = rows,
                              .batch_rows = std::max<int64_t>(1, 2048 / length),
                              .length = length,
                              .before_batch = [this] { check_stop(); }};
  try {
    return evaluate(model_, *held_out_, how, options_.baseline);
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

std::optional<Evaluation> Trainer::final_evaluation() const { return evaluation_of(options_.final_rows); }

/// Returns false when it was asked to stop.
bool Trainer::evaluate_now(const StepReport& report, int64_t rows) {
  if (!held_out_) return true;
  const Clock::time_point begin = Clock::now();
  const std::optional<Evaluation> evaluation = evaluation_of(rows);
  state_.must_evaluate = !evaluation;
  if (!evaluation) return false;
  evaluation_pace_.add(static_cast<double>(rows > 0 ? std::min(rows, held_out_rows_) : held_out_rows_),
                       seconds_since(begin));
  bool is_best = false;
  if (state_.step > 0 && (state_.best_step < 0 || evaluation->loss() < state_.best_loss)) {
    state_.best_step = state_.step;
    state_.best_loss = evaluation->loss();
    is_best = true;
  }
  // The caller hears of it before the checkpoint says that it was made: a run that is killed in between makes
  // it again.
  if (events_.evaluation) events_.evaluation(report, *evaluation);
  if (is_best) save();
  return true;
}

// ---- Stopping, saving and going on ----

void Trainer::check_stop() const {
  if (must_stop()) throw Stopped{};
}

TrainingEnd Trainer::interrupted() {
  save();
  save_pretrained(folder_, model_, &tokenizer_);
  return TrainingEnd::interrupted;
}

bool Trainer::is_save_due(double saved_at) const {
  if (options_.save_steps > 0) return state_.step % options_.save_steps == 0;
  return state_.seconds - saved_at >= 60 * options_.save_minutes;
}

void Trainer::save() {
  const fs::path checkpoint = checkpoints_.save(state_.step, [this](const fs::path& place) {
    save_pretrained(place, model_, &tokenizer_);
    nn::write_safetensors(place / moments_file, optimizer_->state_dict());
    write_file_atomically(place / state_file, to_json(state_));
  });
  checkpoints_.keep(options_.keep, state_.best_step);
  if (events_.saved) events_.saved(checkpoint);
}

void Trainer::go_back_to(const TrainingState& state) {
  state_ = state;
  reader_.go_to(state);
}

void Trainer::fail_not_finite(const TrainingState& before, const std::string& what) {
  const std::optional<fs::path> last = newest_checkpoint(folder_);
  const std::string advice =
      last ? fmt::format("the last checkpoint is {}; resume it with a smaller learning rate", last->string())
           : std::string("try a smaller learning rate");
  std::string place = what;
  try {
    // The same step again, now with every output and gradient searched.
    go_back_to(before);
    const DetectAnomaly search;
    forward_backward(false);
  } catch (const GraphError& found) {
    place = found.what();
  } catch (const Stopped&) {  // then without the place
  }
  fail<Error>("training broke at step {}: {}; {}", before.step + 1, place, advice);
}

/// A reader that stands where a state that was read from `file` says.
/// @throws FormatError when a run of these options does not come to this state.
BatchReader Trainer::checked_reader(const TrainingState& state, const fs::path& file) const {
  if (state.seed != options_.seed)
    refuse_state(file, "seed", std::to_string(state.seed),
                 fmt::format("{} as the run has it", options_.seed));
  BatchReader reader = reader_;
  if (state.length == 0 && state.step == 0) {  // nothing was read yet
    reader.go_to(state);
    return reader;
  }
  if (std::ranges::find(options_.lengths, state.length, &LengthStage::length) == options_.lengths.end())
    refuse_state(file, "length", std::to_string(state.length), "one of those that the run has");
  reader.go_to(state);
  if (state.index > reader.rows())
    refuse_state(file, "index", std::to_string(state.index),
                 fmt::format("at most {}, the rows of its epoch", reader.rows()));
  return reader;
}

bool Trainer::resume() {
  const std::optional<Resumable> found = find_resumable(folder_);
  if (!found) return false;
  const TrainingState& state = found->state;
  const bool same = state.settings == options_.settings || state.settings == options_.also_resumes;
  if (!same) {
    fail<Error>("{}: this run was begun with other settings ({}); resume it with those, not with ({})",
                folder_.string(), state.settings, options_.settings);
  }
  BatchReader reader = checked_reader(state, found->checkpoint / state_file);
  model_.load_state_dict(nn::read_safetensors(found->checkpoint / "model.safetensors"));
  optimizer_->load_state_dict(nn::read_safetensors(found->checkpoint / moments_file));
  state_ = state;
  state_.settings = options_.settings;
  reader_ = std::move(reader);
  return true;
}

}  // namespace gradus::bert

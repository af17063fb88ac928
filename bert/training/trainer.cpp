#include "bert/training/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/training/resumable.hpp"
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
  for (const LengthStage& stage : options.lengths) {
    if (stage.length > config.max_position_embeddings) {
      fail<Error>("rows of {} slots are longer than the {} positions of the model", stage.length,
                  config.max_position_embeddings);
    }
  }
  if (options.slots < 1 || options.accumulate < 1)
    fail<Error>("a step needs at least one slot and one batch");
}

/// part / whole; 0 of nothing.
double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

/// The tokens of the text in a batch: neither padding nor [CLS] and [SEP].
int64_t count_tokens(const PretrainingBatch& batch) {
  int64_t tokens = 0;
  for (size_t row = 0; row < batch.lengths.size(); ++row)
    tokens += batch.lengths[row] - (batch.next_sentence_labels[row] == no_label ? 2 : 3);
  return tokens;
}

int64_t count_positions(const PretrainingBatch& batch) {
  return static_cast<int64_t>(batch.masked_labels.size());
}

int64_t count_pairs(const PretrainingBatch& batch) {
  return std::ranges::count_if(batch.next_sentence_labels, [](int64_t label) { return label != no_label; });
}

int64_t count_right(const Tensor& logits, const std::vector<int64_t>& labels) {
  if (labels.empty()) return 0;
  const std::vector<int64_t> guesses = argmax(logits, -1).to_vector<int64_t>();
  int64_t right = 0;
  for (size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == labels[i];
  return right;
}

}  // namespace

/// Over all batches of a step: the mean losses, and how many guesses were right of how many.
struct Trainer::StepLoss {
  double mlm_loss = 0, nsp_loss = 0;
  int64_t positions = 0, pairs = 0, mlm_right = 0, nsp_right = 0;
  double loss() const { return mlm_loss + nsp_loss; }
};

Trainer::Trainer(BertForPreTraining model, Tokenizer tokenizer,
                 std::shared_ptr<const PretrainingData> training,
                 std::shared_ptr<const PretrainingData> held_out, TrainerOptions options, fs::path folder,
                 TrainerEvents events)
    : model_(std::move(model)),
      tokenizer_(std::move(tokenizer)),
      training_(std::move(training)),
      held_out_(std::move(held_out)),
      options_(std::move(options)),
      folder_(std::move(folder)),
      checkpoints_(folder_),
      events_(std::move(events)) {
  check(options_, model_.bert.config);
  optimizer_ =
      nn::optimizer_by_name(options_.optimizer, model_, options_.learning_rate, options_.weight_decay);
  state_.seed = options_.seed;
  state_.settings = options_.settings;
}

double Trainer::progress() const {
  const double done = options_.steps > 0
                          ? static_cast<double>(state_.step) / static_cast<double>(options_.steps)
                          : state_.seconds / (60 * options_.minutes);
  return std::min(done, 1.0);
}

int64_t warmup_steps(const TrainerOptions& options, double expected) {
  if (options.steps > 0) return options.warmup;
  return static_cast<int64_t>(std::min(static_cast<double>(options.warmup), options.warmup_share * expected));
}

double Trainer::rate() const {
  // A run by time has no number of steps; the one that the progress so far leads to takes its place.
  const double p = progress();
  const double expected = p > 0 ? static_cast<double>(state_.step) / p : 1e9;
  const int64_t total = options_.steps > 0 ? options_.steps : static_cast<int64_t>(expected);
  const int64_t warmup = warmup_steps(options_, expected);
  const nn::Schedule schedule{.kind = options_.decay,
                              .peak = options_.learning_rate,
                              .warmup = warmup,
                              .total = std::max({total, state_.step + 1, warmup + 1})};
  return schedule(state_.step);
}

int64_t Trainer::length_now() const {
  const double p = progress();
  for (const LengthStage& stage : options_.lengths) {
    if (p < stage.until) return stage.length;
  }
  return options_.lengths.back().length;
}

PretrainingBatch Trainer::next_batch() {
  const int64_t length = length_now();
  const bool used_up = plan_ && state_.index >= plan_->size();
  if (state_.length != length || used_up) {
    // A new length or a new round through the text: another epoch, with its own pairs and masks.
    if (state_.length != 0) ++state_.epoch;
    state_.length = length;
    state_.index = 0;
    plan_.reset();
  }
  if (!plan_) plan_ = training_->plan_epoch(state_.epoch, state_.length);
  const int64_t rows = std::max<int64_t>(1, options_.slots / length);
  PretrainingBatch batch = training_->batch(*plan_, state_.index, rows);
  state_.index += batch.rows;
  state_.slots += batch.rows * batch.length;
  state_.tokens += count_tokens(batch);
  return batch;
}

void Trainer::check_stop() const {
  if (events_.stop && events_.stop()) throw Stopped{};
}

Trainer::StepLoss Trainer::forward_backward(bool with_accuracy) {
  // Dropout draws from a generator that follows from the step alone, so a resumed run draws the same.
  default_rng() = Rng(options_.seed).split(static_cast<uint64_t>(state_.step));
  optimizer_->zero_grad();
  // A step's loss is a mean over all its masked positions and one over all its pairs, however they are cut
  // into batches. So what there is of both is counted first, and a batch weighs what it holds of it; a mean
  // of the batches' means would give a position in a small batch more weight than one in a large batch.
  std::vector<PretrainingBatch> batches;
  StepLoss step;
  for (int64_t i = 0; i < options_.accumulate; ++i) {
    if (i > 0) check_stop();
    batches.push_back(next_batch());
    step.positions += count_positions(batches.back());
    step.pairs += count_pairs(batches.back());
  }
  for (const PretrainingBatch& batch : batches) {
    if (&batch != &batches.front()) check_stop();
    const PretrainingLoss out = model_.loss(batch);
    const double mlm_share = share(count_positions(batch), step.positions);
    const double nsp_share = share(count_pairs(batch), step.pairs);
    (out.mlm_loss * mlm_share + out.nsp_loss * nsp_share).backward();
    step.mlm_loss += out.mlm_loss.item() * mlm_share;
    step.nsp_loss += out.nsp_loss.item() * nsp_share;
    if (!with_accuracy) continue;
    step.mlm_right += count_right(out.mlm_logits, batch.masked_labels);
    step.nsp_right += count_right(out.nsp_logits, batch.next_sentence_labels);
  }
  return step;
}

/// The rows of the epoch in which a run of this state is; none where nothing was read yet.
std::optional<EpochPlan> Trainer::plan_of(const TrainingState& state) const {
  if (state.length == 0) return std::nullopt;
  return training_->plan_epoch(state.epoch, state.length);
}

void Trainer::go_back_to(const TrainingState& state) {
  state_ = state;
  plan_ = plan_of(state);
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

/// Nothing when it was asked to stop: then the run stands where it stood before.
std::optional<StepReport> Trainer::step() {
  const Clock::time_point begin = Clock::now();
  const TrainingState before = state_;
  const double progress_before = progress();
  StepReport report;
  report.learning_rate = rate();
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
  optimizer_->set_learning_rate(report.learning_rate);
  report.gradient_norm = optimizer_->grad_norm();
  if (!std::isfinite(report.gradient_norm)) fail_not_finite(before, "the gradient is not finite");
  report.gradient_norm = optimizer_->clipped_step(options_.clip);
  ++state_.step;
  report.loss = loss.loss();
  report.mlm_loss = loss.mlm_loss;
  report.nsp_loss = loss.nsp_loss;
  const double took = seconds_since(begin);
  state_.seconds += took;
  if (with_accuracy) {
    mlm_accuracy_ = share(loss.mlm_right, loss.positions);
    nsp_accuracy_ = share(loss.nsp_right, loss.pairs);
  }
  report.mlm_accuracy = mlm_accuracy_;
  report.nsp_accuracy = nsp_accuracy_;
  report.slots_per_second = static_cast<double>(state_.slots - before.slots) / took;
  report.step = state_.step;
  report.slots = state_.slots;
  report.tokens = state_.tokens;
  report.seconds = state_.seconds;
  report.progress = progress();
  pace_.add(report.progress - progress_before, took);
  report.seconds_left = seconds_left();
  return report;
}

/// Which of the stretches between two evaluations the run is in.
int64_t Trainer::stretch() const {
  return static_cast<int64_t>(progress() * static_cast<double>(options_.evaluations));
}

double Trainer::seconds_left() const {
  const double of_steps = pace_.seconds_for(std::max(0.0, 1 - progress()));
  if (!held_out_) return of_steps;
  const auto rows = [&](int64_t asked) {
    return asked > 0 ? std::min(asked, held_out_rows_) : held_out_rows_;
  };
  const int64_t along_the_way = std::max<int64_t>(0, options_.evaluations - 1 - stretch());
  const int64_t to_come = along_the_way * rows(options_.evaluation_rows) + rows(options_.final_rows);
  return of_steps + evaluation_pace_.seconds_for(static_cast<double>(to_come));
}

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

TrainingEnd Trainer::interrupted() {
  save();
  save_pretrained(folder_, model_, &tokenizer_);
  return TrainingEnd::interrupted;
}

TrainingEnd Trainer::run() {
  model_.train();
  if (held_out_) held_out_rows_ = held_out_->plan_epoch(0, options_.lengths.back().length).size();
  StepReport report;
  report.step = state_.step;
  report.slots = state_.slots;
  report.tokens = state_.tokens;
  report.seconds = state_.seconds;
  report.progress = progress();
  if (evaluates_first() && !is_done() && !evaluate_now(report, options_.evaluation_rows))
    return interrupted();
  double saved_at = state_.seconds;
  while (!is_done()) {
    const int64_t before = stretch();
    const std::optional<StepReport> done = step();
    if (!done) return interrupted();
    report = *done;
    if (events_.step && (state_.step % options_.report_every == 0 || is_done())) events_.step(report);
    if (is_done()) break;
    if (stretch() != before && !evaluate_now(report, options_.evaluation_rows)) return interrupted();
    if (events_.stop && events_.stop()) return interrupted();
    const bool due = options_.save_steps > 0 ? state_.step % options_.save_steps == 0
                                             : state_.seconds - saved_at >= 60 * options_.save_minutes;
    if (!due) continue;
    save();
    saved_at = state_.seconds;
  }
  save();
  if (!evaluate_now(report, options_.final_rows)) return interrupted();
  save_pretrained(folder_, model_, &tokenizer_);
  return TrainingEnd::finished;
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

/// plan_of a state that was read from `file`.
/// @throws FormatError when a run of these options does not come to this state.
std::optional<EpochPlan> Trainer::checked_plan(const TrainingState& state, const fs::path& file) const {
  if (state.seed != options_.seed)
    refuse_state(file, "seed", std::to_string(state.seed),
                 fmt::format("{} as the run has it", options_.seed));
  if (state.length == 0 && state.step == 0) return std::nullopt;  // nothing was read yet
  if (std::ranges::find(options_.lengths, state.length, &LengthStage::length) == options_.lengths.end())
    refuse_state(file, "length", std::to_string(state.length), "one of those that the run has");
  std::optional<EpochPlan> plan = plan_of(state);
  if (state.index > plan->size())
    refuse_state(file, "index", std::to_string(state.index),
                 fmt::format("at most {}, the rows of its epoch", plan->size()));
  return plan;
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
  std::optional<EpochPlan> plan = checked_plan(state, found->checkpoint / state_file);
  model_.load_state_dict(nn::read_safetensors(found->checkpoint / "model.safetensors"));
  optimizer_->load_state_dict(nn::read_safetensors(found->checkpoint / moments_file));
  state_ = state;
  state_.settings = options_.settings;
  plan_ = std::move(plan);
  return true;
}

}  // namespace gradus::bert

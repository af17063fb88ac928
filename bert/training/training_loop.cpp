#include "bert/training/training_loop.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "autograd/file.hpp"
#include "autograd/storage.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/training/resumable.hpp"
#include "nn/optimizers/optimizer_names.hpp"
#include "nn/recompute.hpp"
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

}  // namespace

void check(const LoopOptions& options) {
  if ((options.steps > 0) == (options.minutes > 0)) {
    fail<Error>("a run needs either a number of steps or a number of minutes above 0");
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
  at_least("patience", options.patience, int64_t{0});
  at_least("save_steps", options.save_steps, int64_t{0});
  at_least("keep", options.keep, int64_t{1});
  at_least("report_every", options.report_every, int64_t{1});
  at_least("learning_rate", options.learning_rate, 0.0);
  at_least("weight_decay", options.weight_decay, 0.0);
  above_0("clip", options.clip);
  above_0("save_minutes", options.save_minutes);
  in_01("beta1", options.beta1);
  in_01("beta2", options.beta2);
}

TrainingLoop::TrainingLoop(Learner& learner, LoopOptions options, fs::path folder, LoopEvents events)
    : learner_(learner),
      options_(std::move(options)),
      folder_(std::move(folder)),
      checkpoints_(folder_),
      events_(std::move(events)),
      shards_(*options_.world, std::max<int64_t>(1, options_.shards)) {
  bert::check(options_);
  optimizer_ = nn::optimizer_by_name(options_.optimizer, learner_.model(),
                                     {.learning_rate = options_.learning_rate,
                                      .weight_decay = options_.weight_decay,
                                      .beta1 = options_.beta1,
                                      .beta2 = options_.beta2,
                                      .groups = options_.groups});
  shards_.use(optimizer_->arena(), {.bucket_bytes = options_.bucket_bytes, .slices = shares_moments()});
  if (shares_moments()) share_moments();
  state_.seed = options_.seed;
  state_.settings = options_.settings;
}

/// Every rank steps over the slices of the gradient whose sum it has.
void TrainingLoop::share_moments() {
  parallel::GradientSum& sum = *shards_.gradient_sum();
  nn::OptimizerShare share;
  for (const parallel::Range& own : sum.own()) share.parts.push_back({own.begin, own.end});
  share.add_up = [this](std::span<double> numbers) { options_.world->add_up(numbers); };
  share.gather = [&sum](const Tensor& flat) { sum.gather(flat); };
  share.collect = [&sum](const Tensor& mine, const nn::OptimizerShare::Part& range) {
    return sum.collect(mine, {range.begin, range.end});
  };
  optimizer_->share(std::move(share));
}

bool TrainingLoop::is_done() const {
  return progress(options_, state_) >= 1 || (options_.patience > 0 && state_.no_better >= options_.patience);
}

// ---- The loop ----

TrainingEnd TrainingLoop::run() {
  try {
    return train();
  } catch (const parallel::OtherRankFailed&) {
    save_alone();
    throw;
  } catch (const parallel::RankLost& error) {
    save_alone();
    const std::optional<fs::path> last = newest_checkpoint(folder_);
    if (!last) throw;
    fail<parallel::RankLost>("{}; the run can go on from the checkpoint of step {}", error.what(),
                             step_of_checkpoint(*last));
  }
}

TrainingEnd TrainingLoop::train() {
  learner_.model().train();
  LoopReport report = report_here();
  if (evaluates_first() && !is_done() && !evaluate_now(report, options_.evaluation_rows))
    return interrupted();
  double saved_at = state_.seconds;
  while (!is_done()) {
    const int64_t before = stretch(options_, state_);
    const std::optional<LoopReport> done = step();
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
  save_result();
  return TrainingEnd::finished;
}

/// Nothing when it was asked to stop: then the run stands where it stood before.
std::optional<LoopReport> TrainingLoop::step() {
  const Clock::time_point begin = Clock::now();
  const double waited_before = options_.world->seconds_waited();
  const TrainingState before = state_;
  const double rate = learning_rate(options_, state_);
  reset_peak_memory();  // an evaluation before this step may have held more
  // Figures are counted where they are reported: finding them costs about a hundredth of a step.
  const int64_t number = state_.step + 1;
  const bool with_figures = number % options_.report_every == 0 || number == options_.steps;
  double loss = 0;
  try {
    loss = forward_backward(with_figures);
  } catch (const Stopped&) {
    go_back_to(before);
    return std::nullopt;
  } catch (const Error&) {
    state_ = before;  // the parameters are still those of this state
    throw;
  }
  if (!std::isfinite(loss)) fail_not_finite(before, fmt::format("the loss is {}", loss));
  optimizer_->set_learning_rate(rate);
  if (!std::isfinite(optimizer_->grad_norm())) fail_not_finite(before, "the gradient is not finite");
  const double norm = optimizer_->clipped_step(options_.clip);
  step_memory_ = std::max(step_memory_, memory_stats().peak_bytes);
  ++state_.step;
  const double waited = options_.world->seconds_waited() - waited_before;
  const double took = seconds_of_step(seconds_since(begin));
  state_.seconds += took;
  pace_.add(progress(options_, state_) - progress(options_, before), took);
  LoopReport report = report_here();
  report.loss = loss;
  report.learning_rate = rate;
  report.gradient_norm = norm;
  report.slots_per_second = static_cast<double>(state_.slots - before.slots) / took;
  report.waiting_share = waited / took;
  report.seconds_left = seconds_left();
  return report;
}

/// The clock of rank 0 counts: a run by minutes is to end, and to save, at the same step everywhere.
double TrainingLoop::seconds_of_step(double seconds) const {
  double of_first_rank = is_first_rank() ? seconds : 0;
  options_.world->add_up(std::span(&of_first_rank, 1));
  return of_first_rank;
}

double TrainingLoop::forward_backward(bool with_figures) {
  // Dropout draws from a generator that follows from the step alone, so a resumed run draws the same.
  shards_.begin(Rng(options_.seed).split(static_cast<uint64_t>(state_.step)));
  optimizer_->zero_grad();
  const nn::RecomputeLayers recompute(options_.recompute);
  return learner_.forward_backward(state_, with_figures, shards_, [this] { check_stop(); });
}

LoopReport TrainingLoop::report_here() const {
  LoopReport report;
  report.step = state_.step;
  report.slots = state_.slots;
  report.tokens = state_.tokens;
  report.seconds = state_.seconds;
  report.progress = progress(options_, state_);
  return report;
}

/// The rows that an evaluation takes which was asked to take so many.
int64_t TrainingLoop::rows_of(int64_t asked) const {
  const int64_t all = learner_.held_out_rows();
  return asked > 0 ? std::min(asked, all) : all;
}

double TrainingLoop::seconds_left() const {
  const double of_steps = pace_.seconds_for(std::max(0.0, 1 - progress(options_, state_)));
  const int64_t along_the_way = std::max<int64_t>(0, options_.evaluations - 1 - stretch(options_, state_));
  const int64_t to_come = along_the_way * rows_of(options_.evaluation_rows) + rows_of(options_.final_rows);
  return of_steps + evaluation_pace_.seconds_for(static_cast<double>(to_come));
}

// ---- Evaluation ----

std::optional<double> TrainingLoop::score_of(int64_t rows) const {
  if (learner_.held_out_rows() == 0) return std::nullopt;
  try {
    return learner_.evaluate(rows, *options_.world, [this] { check_stop(); });
  } catch (const Stopped&) {
    return std::nullopt;
  }
}

/// Returns false when it was asked to stop.
bool TrainingLoop::evaluate_now(const LoopReport& report, int64_t rows) {
  if (learner_.held_out_rows() == 0) return true;
  const Clock::time_point begin = Clock::now();
  // Who hears of the evaluation may look at gradients.
  if (shares_moments()) shards_.gradient_sum()->gather(optimizer_->arena().gradients());
  const std::optional<double> score = score_of(rows);
  state_.must_evaluate = !score;
  if (!score) return false;
  evaluation_pace_.add(static_cast<double>(rows_of(rows)), seconds_since(begin));
  const bool is_best = state_.step > 0 && (state_.best_step < 0 || *score < state_.best_loss);
  // The last evaluation does not take back that the patience is over.
  if (state_.step > 0 && !is_done()) state_.no_better = is_best ? 0 : state_.no_better + 1;
  if (is_best) {
    state_.best_step = state_.step;
    state_.best_loss = *score;
  }
  // The caller hears of it before the checkpoint says that it was made: a run that is killed in between makes
  // it again.
  if (events_.evaluation) events_.evaluation(report);
  if (is_best) save();
  return true;
}

// ---- Stopping, saving and going on ----

/// A rank that wants to stop stops all, at the same place.
bool TrainingLoop::must_stop() const {
  const bool mine = events_.stop && events_.stop();
  return options_.world->size() > 1 ? options_.world->any(mine) : mine;
}

void TrainingLoop::check_stop() const {
  if (must_stop()) throw Stopped{};
}

TrainingEnd TrainingLoop::interrupted() {
  save();
  if (is_first_rank()) learner_.save(folder_);
  return TrainingEnd::interrupted;
}

bool TrainingLoop::is_save_due(double saved_at) const {
  if (options_.save_steps > 0) return state_.step % options_.save_steps == 0;
  return state_.seconds - saved_at >= 60 * options_.save_minutes;
}

/// All ranks wait for the one that writes, and hear if it cannot.
void TrainingLoop::save() {
  if (is_first_rank()) {
    write_checkpoint();
  } else if (shares_moments()) {  // and give it what it has not, in the order in which it writes
    for (const nn::TensorEntry& entry : nn::in_file_order(optimizer_->state_entries()))
      optimizer_->state_value(entry.name);
  }
  options_.world->barrier();
}

/// One after the other: with a share, all together may be more than the memory of a rank.
void TrainingLoop::write_moments(const fs::path& path) const {
  const std::vector<nn::TensorEntry> entries = optimizer_->state_entries();
  nn::SafetensorsWriter file(path, entries);
  for (const nn::TensorEntry& entry : nn::in_file_order(entries))
    file.write(optimizer_->state_value(entry.name));
  file.commit();
}

/// Another rank is gone, and with it the run; what has been learnt so far is kept, unless that rank had a
/// part of it.
void TrainingLoop::save_alone() {
  if (!options_.world->leads() || shares_moments()) return;
  try {
    write_checkpoint();
  } catch (const Error&) {  // what there was before is still there
  }
}

void TrainingLoop::write_checkpoint() {
  fs::path checkpoint;
  try {
    if (events_.saving) events_.saving();
    checkpoint = checkpoints_.save(state_.step, [&](const fs::path& place) {
      learner_.save(place);
      write_moments(place / moments_file);
      write_file_atomically(place / state_file, to_json(state_));
    });
  } catch (const IoError& error) {
    const std::optional<fs::path> last = newest_checkpoint(folder_);
    if (!last) throw;
    fail<IoError>("{}; the checkpoint of step {} is whole, and the run can go on from it", error.what(),
                  step_of_checkpoint(*last));
  }
  checkpoints_.keep(options_.keep, state_.best_step);
  if (events_.saved) events_.saved(checkpoint);
}

/// What the run leaves: the model of its last step, or of its best evaluation.
void TrainingLoop::save_result() {
  if (!is_first_rank()) return;
  if (options_.ends_with_best && state_.best_step >= 0 && state_.best_step != state_.step) {
    for (const fs::path& checkpoint : checkpoints_.whole())
      if (step_of_checkpoint(checkpoint) == state_.best_step) load(checkpoint);
  }
  learner_.save(folder_);
}

void TrainingLoop::load(const fs::path& checkpoint) {
  Checkpoint read = read_checkpoint(checkpoint);
  load_weights(read, learner_.model());
  if (!read.warnings.empty()) fail<FormatError>("{}", read.warnings.front());  // it is not whole
}

void TrainingLoop::go_back_to(const TrainingState& state) {
  state_ = state;
  learner_.go_to(state);
}

void TrainingLoop::fail_not_finite(const TrainingState& before, const std::string& what) {
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

bool TrainingLoop::resume() {
  const std::optional<Resumable> found =
      share(*options_.world, is_first_rank() ? find_resumable(folder_) : std::nullopt);
  if (!found) return false;
  const TrainingState& state = found->state;
  const fs::path file = found->checkpoint / state_file;
  const bool same = state.settings == options_.settings || state.settings == options_.also_resumes;
  if (!same) {
    fail<Error>("{}: this run was begun with other settings ({}); resume it with those, not with ({})",
                folder_.string(), state.settings, options_.settings);
  }
  if (state.seed != options_.seed)
    refuse_state(file, "seed", std::to_string(state.seed),
                 fmt::format("{} as the run has it", options_.seed));
  learner_.go_on_from(state, file);
  load(found->checkpoint);
  nn::SafetensorsFile moments(found->checkpoint / moments_file);
  std::map<std::string, Shape> there;
  for (const auto& [name, entry] : moments.entries()) there.emplace(name, entry.shape);
  optimizer_->load_state(there, [&](const std::string& name) { return moments.read(name); });
  state_ = state;
  state_.settings = options_.settings;
  return true;
}

}  // namespace gradus::bert

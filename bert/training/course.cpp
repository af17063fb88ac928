#include "bert/training/course.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::bert {

double progress(const LoopOptions& options, const TrainingState& state) {
  const double done = options.steps > 0 ? static_cast<double>(state.step) / static_cast<double>(options.steps)
                                        : state.seconds / (60 * options.minutes);
  return std::min(done, 1.0);
}

int64_t warmup_steps(const LoopOptions& options, double expected) {
  if (options.steps > 0) return options.warmup;
  return static_cast<int64_t>(std::min(static_cast<double>(options.warmup), options.warmup_share * expected));
}

double learning_rate(const LoopOptions& options, const TrainingState& state) {
  // A run by time has no number of steps; the one that the progress so far leads to takes its place.
  const double p = progress(options, state);
  const double expected = p > 0 ? static_cast<double>(state.step) / p : 1e9;
  const int64_t total = options.steps > 0 ? options.steps : static_cast<int64_t>(expected);
  const int64_t warmup = warmup_steps(options, expected);
  const nn::Schedule schedule{.kind = options.decay,
                              .peak = options.learning_rate,
                              .warmup = warmup,
                              .total = std::max({total, state.step + 1, warmup + 1})};
  return schedule(state.step);
}

int64_t batch_slots(const TrainerOptions& options, const TrainingState& state) {
  const double p = progress(options, state);
  if (options.first_slots == 0 || p >= options.ramp) return options.slots;
  const auto growth = static_cast<double>(options.slots - options.first_slots);
  return options.first_slots + std::llround(growth * p / options.ramp);
}

double masked_fraction(const TrainerOptions& options, const TrainingState& state, double first) {
  if (options.masked_at_end == 0) return first;
  return first + (options.masked_at_end - first) * progress(options, state);
}

int64_t row_length(const TrainerOptions& options, const TrainingState& state) {
  const double p = progress(options, state);
  for (const LengthStage& stage : options.lengths) {
    if (p < stage.until) return stage.length;
  }
  return options.lengths.back().length;
}

int64_t stretch(const LoopOptions& options, const TrainingState& state) {
  return static_cast<int64_t>(progress(options, state) * static_cast<double>(options.evaluations));
}

}  // namespace gradus::bert

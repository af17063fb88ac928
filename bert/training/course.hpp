/// @file
/// Where a run is in its course, and what follows from that alone: the learning rate, the size of its batches
/// and rows, how much is masked, and when it is evaluated.
#pragma once

#include "bert/training/trainer_options.hpp"
#include "bert/training/training_state.hpp"

namespace gradus::bert {

/// The share of the run's steps or minutes that is done, 0 to 1.
double progress(const LoopOptions& options, const TrainingState& state);

/// The steps of warm-up of a run that is expected to have `expected` steps.
int64_t warmup_steps(const LoopOptions& options, double expected);

/// The rate of the next step.
double learning_rate(const LoopOptions& options, const TrainingState& state);

/// The slots of the next batch.
int64_t batch_slots(const TrainerOptions& options, const TrainingState& state);

/// The share of masked pieces of the next batch, in a run that begins with `first`.
double masked_fraction(const TrainerOptions& options, const TrainingState& state, double first);

/// The slots of the next rows.
int64_t row_length(const TrainerOptions& options, const TrainingState& state);

/// Which of the stretches between two evaluations the run is in, from 0 on.
int64_t stretch(const LoopOptions& options, const TrainingState& state);

}  // namespace gradus::bert

/// @file
/// How a model is trained: how long, in which steps, and what is written along the way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bert/evaluation/baselines.hpp"
#include "nn/schedule.hpp"

namespace gradus::bert {

/// Rows of `length` slots until `until` (a share of the whole run) has passed. Short rows first make a small
/// model learn to use its neighbours sooner.
struct LengthStage {
  double until = 1;
  int64_t length = 64;
};

struct TrainerOptions {
  int64_t steps = 0;     ///< how long to train: this many steps, or
  double minutes = 0;    ///< this many minutes of training time (evaluation and saving not counted)
  int64_t slots = 1024;  ///< slots (tokens and padding) of a step: rows = slots / length
  /// Batches begin with this many slots and grow in a line to `slots` over the first `ramp` of the run; 0: no
  /// growth.
  int64_t first_slots = 0;
  double ramp = 0.3;
  /// Batches of `slots` that make one step. Its gradient is that of the mean loss over all they hold, so k
  /// batches of n slots and one of k n do the same wherever their rows are the same.
  int64_t accumulate = 1;
  std::vector<LengthStage> lengths = {{1, 64}};
  double learning_rate = 1e-3;
  nn::Schedule::Kind decay = nn::Schedule::Kind::linear;
  int64_t warmup = 200;     ///< steps
  double warmup_share = 1;  ///< a run by minutes warms up for at most this share of them
  double weight_decay = 0.01;
  double beta1 = 0.9, beta2 = 0.999;  ///< of the Adam family, and of AdamW beside Muon
  double clip = 1;                    ///< the most that the global norm of the gradient may be
  std::string optimizer = "adamw";    ///< adamw, bert-adam, adam, muon or sgd
  bool train_biases = true;  ///< false: biases of the encoder stay as they are, which in a fresh model is 0
  /// The share of masked pieces falls (or rises) in a line from that of the data to this one; 0: it stays.
  double masked_at_end = 0;
  uint64_t seed = 1;
  /// Equal stretches of the run, with an evaluation between two of them, beside the first and the last.
  int64_t evaluations = 10;
  int64_t evaluation_rows = 256;  ///< rows of each evaluation along the way
  int64_t final_rows = 0;         ///< rows of the last one; 0: the whole held-out text
  double save_minutes = 1;        ///< time between checkpoints, or
  int64_t save_steps = 0;         ///< steps between them
  int64_t keep = 2;               ///< how many of the newest checkpoints are kept, beside the best one
  const BigramBaseline* baseline = nullptr;  ///< scored beside the model in every evaluation
  int64_t report_every = 10;                 ///< steps between two calls of TrainerEvents::step
  std::string settings{};  ///< says how the run was called: only a run with the same line can resume it
  /// Another line with which a checkpoint may be resumed: for callers that know what of it may change.
  std::string also_resumes{};
};

}  // namespace gradus::bert

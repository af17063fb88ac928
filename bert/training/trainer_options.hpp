/// @file
/// How a BERT is pretrained: the options of every training, and which rows its steps read.
#pragma once

#include <cstdint>
#include <vector>

#include "bert/evaluation/baselines.hpp"
#include "bert/training/loop_options.hpp"

namespace gradus::bert {

/// Rows of `length` slots until `until` (a share of the whole run) has passed. Short rows first make a small
/// model learn to use its neighbours sooner.
struct LengthStage {
  double until = 1;
  int64_t length = 64;
};

struct TrainerOptions : LoopOptions {
  int64_t slots = 1024;  ///< slots (tokens and padding) of a step: rows = slots / length
  /// Batches begin with this many slots and grow in a line to `slots` over the first `ramp` of the run; 0: no
  /// growth.
  int64_t first_slots = 0;
  double ramp = 0.3;
  /// Batches of `slots` that make one step, and its shards if `shards` does not say otherwise. Its gradient
  /// is that of the mean loss over all they hold, so k batches of n slots and one of k n do the same.
  int64_t accumulate = 1;
  std::vector<LengthStage> lengths = {{1, 64}};
  bool train_biases = true;  ///< false: biases of the encoder stay as they are, which in a fresh model is 0
  /// The share of masked pieces falls (or rises) in a line from that of the data to this one; 0: it stays.
  double masked_at_end = 0;
  const BigramBaseline* baseline = nullptr;  ///< scored beside the model in every evaluation
};

}  // namespace gradus::bert

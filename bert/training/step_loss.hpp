/// @file
/// The loss of one training step and its gradient, over all shards of the step.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "bert/model/heads.hpp"
#include "bert/training/sharded_step.hpp"

namespace gradus::bert {

/// The mean losses over all masked positions and all pairs of a step, and how many guesses were right.
struct StepLoss {
  double mlm_loss = 0, nsp_loss = 0;
  int64_t positions = 0, pairs = 0, mlm_right = 0, nsp_right = 0;
  double loss() const { return mlm_loss + nsp_loss; }
  double mlm_accuracy() const;  ///< 0 without positions
  double nsp_accuracy() const;  ///< 0 without pairs
};

/// Adds to the gradients of `model` that of the mean loss over all shards of a step. `batches` are those of
/// this rank; one without rows adds nothing. Guesses are counted only `with_accuracy`. `between_shards` may
/// throw, to leave the step.
StepLoss backward_step(const BertForPreTraining& model, const std::vector<PretrainingBatch>& batches,
                       bool with_accuracy, ShardedStep& step, const std::function<void()>& between_shards);

}  // namespace gradus::bert

/// @file
/// BatchReader: the rows of a training text, a step at a time, epoch after epoch.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "bert/data/pretraining_data.hpp"
#include "bert/training/sharded_step.hpp"
#include "bert/training/training_state.hpp"

namespace gradus::bert {

/// The place in the text is the state's (epoch, index, length), so that a run which is resumed reads on where
/// it stopped. The plan of that epoch is kept here, because drawing it takes longer than a batch.
class BatchReader {
 public:
  explicit BatchReader(std::shared_ptr<const PretrainingData> data) : data_(std::move(data)) {}

  /// The next `rows` rows of a step, of `length` slots each, and moves `state` past them. Gives the shards of
  /// this rank, a batch each. Another length than before, or the end of the text, begins another epoch, with
  /// its own pairs and masks; the last step of an epoch may have fewer rows. `masked_fraction` of the pieces
  /// are masked.
  std::vector<PretrainingBatch> next(TrainingState& state, int64_t length, int64_t rows,
                                     double masked_fraction, const ShardedStep& step);

  const PretrainingOptions& options() const { return data_->options(); }

  /// Goes to where `state` is.
  void go_to(const TrainingState& state);

  /// The rows of the epoch that it is in; 0 before anything was read.
  int64_t rows() const { return plan_ ? plan_->size() : 0; }

 private:
  std::shared_ptr<const PretrainingData> data_;
  std::optional<EpochPlan> plan_;
};

}  // namespace gradus::bert

/// @file
/// The gradient check of a whole model: its pretraining loss on a small batch.
#pragma once

#include "bert/model/heads.hpp"

namespace gradus::app {

/// Rows of random pieces with everything that the loss looks at: two segments, padding in the second row,
/// masked positions and both NSP labels. `length` is cut to the model's positions.
bert::PretrainingBatch random_batch(const bert::Config& config, int64_t length, uint64_t seed);

}  // namespace gradus::app

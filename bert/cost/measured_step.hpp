/// @file
/// The ledger's other column: what each part of a real pretraining step took.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "autograd/kernels/measure/profile.hpp"
#include "bert/cost/step_cost.hpp"
#include "bert/data/pretraining_data.hpp"

namespace gradus::bert {

/// A batch of random pieces without padding or packing, `size.masked` of them masked: what a step costs does
/// not hang on the words.
PretrainingBatch random_batch(const StepSize& size, int64_t vocab_size);

struct MeasuredSeconds {
  double forward = 0, backward = 0;
};

struct MeasuredStep {
  /// By layer and CostRow::measured_part(): its kernels, each at the least that it took in any step, for
  /// whatever disturbs one makes it longer. What belongs to no part of the ledger is under {"other", ""}.
  std::map<std::pair<std::string, std::string>, MeasuredSeconds> parts;
  double outside = 0;              ///< the least that was in no kernel: lists, shapes, the tape
  double median = 0, fastest = 0;  ///< of whole steps
  int64_t memory =
      0;  ///< the most bytes that tensors held at once: model, optimiser and all that a step makes
  std::vector<profile::Product> products;  ///< of one step

  double seconds() const;  ///< all parts at their least, and what was outside
};

/// Makes a model of random weights and trains it on one random batch: two steps to warm up, then `steps` that
/// are measured, by work_clock().
/// @throws as step_cost; ValueError for fewer than one step.
MeasuredStep measure_step(const Config& config, const StepSize& size, int64_t steps);

/// The line of the ledger that a kernel belongs to: `path` is the part of the model that ran, "" outside all.
std::pair<std::string, std::string> ledger_place(const Config& config, const std::string& path,
                                                 const std::string& kernel);

}  // namespace gradus::bert

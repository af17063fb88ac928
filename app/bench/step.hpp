/// @file
/// A training step beside its matrix products alone, and where its time goes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/bench/bench_call.hpp"
#include "app/bench/floor.hpp"
#include "app/bench/machine.hpp"

namespace gradus::app {

/// One name of the profile, over one step, the quickest of three.
struct Operation {
  std::string name;
  int64_t calls = 0;
  double seconds = 0;  // what is called within it left out
  double flops = 0;    // of its matrix products
  int64_t bytes = 0;   // the least that it moves, read and written; 0 where it does not say
};

struct StepTiming {
  std::string size;
  Limits limits;
  int64_t batch = 0, length = 0;
  double step = 0;       // seconds: the median
  double own_floor = 0;  // of the products with the kernels that the step uses: the median
  double flops = 0;      // of the products
  double nominal = 0;    // the step's nominal operations
  FloorOverSets sets;
  std::vector<Operation> operations;
  double profiled = 0;  // seconds of the step that they are of

  double floor() const { return own_floor * sets.gain; }
  double rest() const;  // seconds of that step outside the operations: the tape, the allocator, the engine
  double ratio() const { return step / floor(); }
  double share_of_peak() const { return limits.share_of(nominal / step); }
  double floor_share_of_peak() const { return limits.share_of(nominal / floor()); }
};

/// Pretraining of a published size, on random pieces without padding, 15 % of them masked: gradients set to
/// zero, loss, backward, a clipped step of AdamW.
StepTiming time_step(const BenchCall& call, const std::string& size, const Limits& limits);

std::string to_text(const StepTiming& timing);
nlohmann::ordered_json to_json(const StepTiming& timing);

}  // namespace gradus::app

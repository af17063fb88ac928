/// @file
/// What an operation on few numbers costs, which is most of all what it costs to call it; on one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/bench/machine.hpp"

namespace gradus::app {

/// matmul of two [n, n] of f32.
struct MatmulTiming {
  int64_t n = 0;
  double plain = 0;     // seconds without a tape
  double recorded = 0;  // with one: both sides want a gradient
  double backward = 0;  // recorded, then backward from the sum of its elements
  double share_of_peak(double seconds, const kernels::Peak& peak) const;
};

/// Forward and backward of five times y = tanh(y w + b), w and b as long as y, and of the sum of it: 16
/// operations, which are recorded.
struct ChainTiming {
  int64_t numbers = 0;
  double seconds = 0;
  static constexpr int operations = 16;
};

struct TensorTimings {
  kernels::Peak peak;  // of one thread
  std::vector<MatmulTiming> products;
  std::vector<ChainTiming> chains;
  double mlp_step = 0;  // seconds: 32 rows, 64 -> 128 -> 10, ReLU, cross-entropy, backward and AdamW
};

TensorTimings time_small_tensors(const Machine& machine);
std::string to_text(const TensorTimings& timings);
nlohmann::ordered_json to_json(const TensorTimings& timings);

}  // namespace gradus::app

/// @file
/// How fast this machine is at what a step consists of, measured in about a second, and the time of a
/// part of the ledger that follows from that.
#pragma once

#include <map>

#include "bert/cost/step_cost.hpp"

namespace gradus::bert {

/// The speed of the current number of threads. Each figure is the best of several short trials by
/// work_clock(), so that another process on the machine hardly lowers it.
struct MachineConstants {
  int threads = 1;
  double peak = 0;  ///< multiplications and additions a second, in registers (kernels::measure_peak)
  /// Operations a second of products through kernels::gemm, by the smallest of their three sizes: of many
  /// rows (x W^T, dy W), with a long sum (dy^T x), and of few rows and a large weight. In the first two one
  /// of the others is four times as large, as in a feed-forward layer.
  std::map<int64_t, double> tall_products, deep_products, flat_products;
  /// Bytes a second of a walk x = y + a z over memory, by the bytes that it touches.
  std::map<int64_t, double> bandwidth;
  double arithmetic = 0;               ///< operations a second of a polynomial in the cache: bias and GELU
  double norm = 0, norm_backward = 0;  ///< the same of a residual's LayerNorm, forward and backward
  double tiles = 0;                    ///< operations a second of the products inside fused attention
  /// Operations a second of the softmax there, forward and backward.
  double softmax = 0, softmax_backward = 0;
  double call = 0;  ///< seconds to hand out work to the threads and take it back
};

MachineConstants measure_machine_constants();

/// The time of a product: its operations at the speed of those of its kind and smallest size, and its bytes
/// from memory, for the arrays of a step are more than a cache holds.
double predicted_seconds(const MatrixProduct& product, const MachineConstants& machine);

/// The time of a part in both directions. A walk takes as long as its bytes or its operations, whichever is
/// longer; fused attention its operations and its bytes, from memory; each kernel the time of a call besides.
struct PredictedSeconds {
  double forward = 0, backward = 0;
  double both() const { return forward + backward; }
};
PredictedSeconds predicted_seconds(const CostRow& row, const MachineConstants& machine);

}  // namespace gradus::bert

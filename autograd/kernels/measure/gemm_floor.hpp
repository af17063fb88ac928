/// @file
/// The least time that a step's matrix products can take here: what the step itself is measured against.
#pragma once

#include <vector>

#include "autograd/kernels/measure/profile.hpp"

namespace gradus::kernels {

/// How one kind of product is fastest.
struct FloorChoice {
  profile::Product product;
  double tiles_seconds = 0;  ///< one call (its whole batch) with our tiles
  double blis_seconds = 0;   ///< the same with BLIS's own threads, one product after another
  bool tiles_win() const { return tiles_seconds <= blis_seconds; }
};

struct GemmFloor {
  double seconds = 0;  ///< all products with all their calls, back to back: the median of the rounds
  double flops = 0;
  std::vector<FloorChoice> choices;
};

/// Runs every product as often as it was called, back to back on warm dense buffers, with the current number
/// of threads and for each kind the faster of our tiles and BLIS's own threads; `rounds` (at least 1) times.
/// The list is what profile::products() recorded of a step.
GemmFloor gemm_floor(const std::vector<profile::Product>& products, int rounds = 5);

}  // namespace gradus::kernels

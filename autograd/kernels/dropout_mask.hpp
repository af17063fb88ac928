/// @file
/// The one rule by which every dropout decides what to keep: fused kernels, their composed twins and the
/// backward passes that make the same mask again all call it.
#pragma once

#include <cmath>
#include <cstdint>

#include "autograd/random.hpp"

namespace gradus::kernels {

/// The drop probability p in [0, 1] as a share of 65536, rounded: 16 random bits decide, so p is kept to
/// 7.6e-6.
inline uint32_t dropout_threshold(double p) { return static_cast<uint32_t>(std::lround(p * 65536)); }

/// True if element `index` of the dropout with this seed is kept: its 16 random bits are at least
/// `threshold`. Threshold 0 keeps all, 65536 drops all.
inline bool dropout_keep(uint64_t seed, uint64_t index, uint32_t threshold) {
  return (counter_hash(seed, index) >> 16) >= threshold;
}

/// What a kept element is multiplied by: 1 / (1 - p), so that the mean stays; 0 for p = 1.
inline double dropout_scale(double p) { return p < 1 ? 1 / (1 - p) : 0; }

}  // namespace gradus::kernels

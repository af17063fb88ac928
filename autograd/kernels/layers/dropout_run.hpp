/// @file
/// The mask of dropout_mask.hpp for a run of neighbours, in 32-bit arithmetic: so a loop over it vectorises
/// (AVX2 has no 64-bit product, and half as many 64-bit lanes).
#pragma once

#include <cstdint>

#include "autograd/kernels/layers/dropout_mask.hpp"

namespace gradus::kernels {

/// keep(j) is dropout_keep(seed, first + j, threshold), for 0 <= j < 2^32.
class DropoutRun {
 public:
  DropoutRun(uint64_t seed, uint64_t first, uint32_t threshold)
      : low_(static_cast<uint32_t>(first)),
        key_(key_of(seed, first >> 32)),
        next_key_(key_of(seed, (first >> 32) + 1)),
        high_seed_(static_cast<uint32_t>(seed >> 32)),
        threshold_(threshold) {}

  [[gnu::always_inline]] bool keep(int64_t j) const {
    const uint32_t low = low_ + static_cast<uint32_t>(j);
    uint32_t x = low ^ (low < low_ ? next_key_ : key_);  // the low word has wrapped: the high one is one more
    x = (x ^ (x >> 16)) * 0x7FEB352Du;
    x = (x ^ (x >> 15) ^ high_seed_) * 0x846CA68Bu;
    return (x ^ (x >> 16)) >> 16 >= threshold_;
  }

 private:
  static uint32_t key_of(uint64_t seed, uint64_t high) {
    return static_cast<uint32_t>(seed) ^ static_cast<uint32_t>(high) * 0x9E3779B9u;
  }

  uint32_t low_, key_, next_key_, high_seed_, threshold_;
};

}  // namespace gradus::kernels

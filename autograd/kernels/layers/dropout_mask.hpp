/// @file
/// The one rule by which every dropout decides what to keep: fused kernels, their composed twins and the
/// backward passes that make the same mask again all call it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

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

/// factors[j] = keep ? scale : 0 for the `count` elements from index `first` on: the same decisions as
/// dropout_keep(), in a loop that vectorises because the upper half of the index is taken out of it.
template <class T>
void dropout_factors(uint64_t seed, uint64_t first, int64_t count, uint32_t threshold, T scale, T* factors) {
  for (int64_t done = 0; done < count;) {
    const uint64_t index = first + static_cast<uint64_t>(done);
    const auto low = static_cast<uint32_t>(index);
    // A counter as wide as the hash: of a wider one each vector would have to be packed.
    const auto run = static_cast<int32_t>(
        std::min<int64_t>({count - done, (int64_t{1} << 32) - low, std::numeric_limits<int32_t>::max()}));
    // counter_hash mixes the upper half by this exclusive or only, so it may as well be part of the seed.
    const uint64_t here = seed ^ static_cast<uint32_t>(static_cast<uint32_t>(index >> 32) * 0x9E3779B9u);
    T* const out = factors + done;
    for (int32_t j = 0; j < run; ++j) {
      const uint32_t bits = counter_hash(here, static_cast<uint32_t>(low + static_cast<uint32_t>(j))) >> 16;
      out[j] = bits >= threshold ? scale : T(0);
    }
    done += run;
  }
}

}  // namespace gradus::kernels

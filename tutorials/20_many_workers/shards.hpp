/// @file
/// The gradients of a batch's shards, with the right weights or with those of the museum.
#pragma once

#include "net.hpp"

namespace gradus::tutorials::many_workers {

enum class Weighting {
  whole_batch,   ///< 1 / (all places that are asked for)
  mean_of_means  ///< bug of the museum: the mean of a shard, and then the mean over shards
};

/// What the sum of a shard's costs is multiplied by. A shard that asks for nothing gives nothing.
inline double weight_of(int64_t asked_here, int64_t asked_everywhere, int64_t shards, Weighting weighting) {
  if (weighting == Weighting::mean_of_means)
    return asked_here == 0 ? 0 : 1 / static_cast<double>(asked_here * shards);
  return 1 / static_cast<double>(asked_everywhere);
}

/// The weighted gradient of each shard. What is wanted is their sum.
inline std::vector<Flat> gradients_of_shards(const Batch& batch, const Net& net, int64_t shards,
                                             Weighting weighting = Weighting::whole_batch) {
  std::vector<Flat> parts;
  for (int64_t s = 0; s < shards; ++s) {
    const Batch shard = shard_of(batch, s, shards);
    parts.push_back(gradient_of(shard, net, weight_of(asked_in(shard), asked_in(batch), shards, weighting)));
  }
  return parts;
}

inline double length_of(const Flat& g) {
  double squares = 0;
  for (const float x : g) squares += static_cast<double>(x) * x;
  return std::sqrt(squares);
}

/// |g - truth| / |truth|
inline double distance(const Flat& g, const Flat& truth) {
  Flat gap = g;
  for (size_t i = 0; i < gap.size(); ++i) gap[i] -= truth[i];
  return length_of(gap) / length_of(truth);
}

}  // namespace gradus::tutorials::many_workers

/// @file
/// Chapter 20's bugs: a mean of means over workers, the same rows for all, clipping before the sum, and two
/// buckets that are waited for in different orders.
#pragma once

#include "workers.hpp"

namespace gradus::tutorials::many_workers {

/// Bug of the museum: the number of the worker is forgotten, so each reads the rows of worker 0, and all are
/// sure that they have a part of the batch. The mean gradient over the workers.
inline Flat all_read_the_same(const Batch& batch, const Net& net, int64_t workers) {
  const Batch first = shard_of(batch, 0, workers);
  const double weight = 1 / static_cast<double>(asked_in(first) * workers);
  return in_turn(std::vector<Flat>(static_cast<size_t>(workers), gradient_of(first, net, weight)));
}

/// g, made shorter if it is longer than `most`.
inline Flat clipped(Flat g, double most) {
  const double length = length_of(g);
  if (length > most) {
    for (float& x : g) x = static_cast<float>(x * (most / length));
  }
  return g;
}

/// Clipped when it is the sum of all, or (bug of the museum) by each worker before the sum.
enum class Clip { sum, each_part };
inline Flat clipped_sum(const std::vector<Flat>& shards, int64_t workers, double most, Clip what) {
  if (what == Clip::sum) return clipped(shared_out(shards, workers, Way::tree), most);
  std::vector<Flat> parts;
  const auto own = static_cast<std::ptrdiff_t>(shards.size()) / workers;
  for (int64_t w = 0; w < workers; ++w)
    parts.push_back(clipped(along_tree({shards.begin() + w * own, shards.begin() + (w + 1) * own}), most));
  return along_tree(parts);
}

/// Two workers and two buckets, 1 and 2. Each sends a bucket, waits for the other's, and goes on to the next;
/// with the bug of the museum worker 1 begins with the second. What is said of it: "" if all went well.
inline std::string two_buckets(bool in_other_order) {
  try {
    parallel::run_ranks(
        2,
        [&](parallel::World& world) {
          const bool turned = in_other_order && world.rank() == 1;
          for (const int64_t bucket : turned ? std::vector<int64_t>{2, 1} : std::vector<int64_t>{1, 2}) {
            const Flat mine(100, 1.0F);
            Flat theirs(100);
            world.wait(*world.swap(1 - world.rank(), parallel::World::own_tags + bucket,
                                   std::as_bytes(std::span(mine)),
                                   std::as_writable_bytes(std::span(theirs))));
          }
        },
        {.stall_seconds = in_other_order ? 0.5 : 600});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace gradus::tutorials::many_workers

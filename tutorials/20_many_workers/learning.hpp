/// @file
/// Workers that learn: each has the whole network and its shards of every batch. They say nothing to each
/// other but the sum of their gradients.
#pragma once

#include "workers.hpp"

namespace gradus::tutorials::many_workers {

/// A batch for each step. Which shard is asked for how many places is drawn.
inline Batch batch_of_step(int64_t step) {
  Rng rng = Rng(31).split(static_cast<uint64_t>(step));
  std::vector<int64_t> asked = uneven;
  rng.shuffle(asked);
  return batch_of(asked, rng);
}

/// w = w - rate * g, for all parameters.
inline void descend(Net& net, const Flat& g, float rate) {
  size_t at = 0;
  for (Tensor& w : net) {
    auto* numbers = w.mutable_data<float>();
    for (int64_t i = 0; i < w.numel(); ++i) numbers[i] -= rate * g[at++];
  }
}

inline Flat numbers_of(const Net& net) {
  Flat all;
  for (const Tensor& w : net) {
    const Flat some = w.to_vector<float>();
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

/// What each worker's network is after so many steps.
inline std::vector<Flat> learn(int64_t steps, int64_t workers, Way way, uint64_t seed) {
  std::vector<Flat> of_worker(static_cast<size_t>(workers));
  const int64_t own = most_shards / workers;
  parallel::run_ranks(workers, [&](parallel::World& world) {
    Net net = fresh_net(seed);
    Talk talk{world};
    for (int64_t step = 0; step < steps; ++step) {
      const Batch batch = batch_of_step(step);
      const double weight = 1 / static_cast<double>(asked_in(batch));
      std::vector<Flat> shards;
      for (int64_t s = world.rank() * own; s < (world.rank() + 1) * own; ++s)
        shards.push_back(gradient_of(shard_of(batch, s, most_shards), net, weight));
      Flat g = own_sum(shards, way);
      sum_by(way, talk, g);
      descend(net, g, 0.5F);
    }
    of_worker[static_cast<size_t>(world.rank())] = numbers_of(net);
  });
  return of_worker;
}

/// The mean loss of a network with these numbers, on a batch that nobody has learnt from.
inline double loss_of(const Flat& numbers) {
  Net net = fresh_net(0);
  size_t at = 0;
  for (Tensor& w : net) {
    std::copy_n(numbers.begin() + static_cast<std::ptrdiff_t>(at), w.numel(), w.mutable_data<float>());
    at += static_cast<size_t>(w.numel());
  }
  const NoGrad no_tape;
  const Batch batch = batch_of_step(1'000'000);
  return sum(costs(batch, net)).item() / static_cast<double>(asked_in(batch));
}

}  // namespace gradus::tutorials::many_workers

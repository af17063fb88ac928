/// @file
/// The same sums by the library: GradientSum, which adds what is in an array, and ShardedStep, which calls
/// backward for each shard.
#pragma once

#include "bert/training/sharded_step.hpp"
#include "workers.hpp"

namespace gradus::tutorials::many_workers {

/// The parameters' places in the flat array.
inline std::vector<Range> places_of(const Net& net) {
  std::vector<Range> places;
  for (const Tensor& w : net) {
    const int64_t begin = places.empty() ? 0 : places.back().end;
    places.push_back({begin, begin + w.numel()});
  }
  return places;
}

/// The sum of the shards' gradients by GradientSum; of each worker.
inline std::vector<Flat> by_gradient_sum(const std::vector<Flat>& shards, const Net& net, int64_t workers) {
  std::vector<Flat> of_worker(static_cast<size_t>(workers));
  const int64_t own = std::ssize(shards) / workers;
  parallel::run_ranks(workers, [&](parallel::World& world) {
    Tensor flat = zeros({std::ssize(shards[0])});
    parallel::GradientSum sum(world, flat, places_of(net), {.bucket_bytes = 8192});
    sum.begin(own);
    for (int64_t s = world.rank() * own; s < (world.rank() + 1) * own; ++s) {
      std::ranges::copy(shards[static_cast<size_t>(s)], flat.mutable_data<float>());
      for (size_t p = net.size(); p > 0; --p) sum.parameter_done(p - 1);  // as backward: the last ones first
      sum.end_shard();
    }
    sum.finish();
    of_worker[static_cast<size_t>(world.rank())] = flat.to_vector<float>();
  });
  return of_worker;
}

/// The gradient of the whole batch by ShardedStep; of each worker, which has a network of its own.
inline std::vector<Flat> by_sharded_step(const Batch& batch, uint64_t seed, int64_t shards, int64_t workers) {
  std::vector<Flat> of_worker(static_cast<size_t>(workers));
  parallel::run_ranks(workers, [&](parallel::World& world) {
    const Net net = fresh_net(seed);
    const nn::ParameterArena arena{nn::Parameters(net)};
    arena.zero_grad();
    bert::ShardedStep step(world, shards);
    step.use(arena, {.bucket_bytes = 8192});
    const double weight = 1 / static_cast<double>(asked_in(batch));
    step.run(
        1,
        [&](int64_t s, std::span<double> figures) {
          const Tensor loss = sum(costs(shard_of(batch, s, shards), net)) * weight;
          figures[0] = loss.item();
          step.backward(loss);
        },
        [] {});
    of_worker[static_cast<size_t>(world.rank())] = arena.gradients().to_vector<float>();
  });
  return of_worker;
}

}  // namespace gradus::tutorials::many_workers

// Nanoseconds of adding a gradient over ranks that are threads, by the size of the buckets in which it goes
// on its way: what GradientSumOptions::bucket_bytes was chosen by. The arguments are the ranks and the
// bucket's kilobytes.
//
//     build/release/benchmarks/bench_gradient_sum
#include <benchmark/benchmark.h>

#include <atomic>

#include "autograd/ops.hpp"
#include "autograd/threads.hpp"
#include "parallel/gradient_sum.hpp"
#include "parallel/thread_world.hpp"

using namespace gradus;

namespace {

void add_up(benchmark::State& state, int64_t numbers) {
  const int64_t ranks = state.range(0), bucket_bytes = state.range(1) << 10;
  std::atomic<bool> goes_on = true;  // as rank 0 decides, for the next round of all
  parallel::run_ranks(ranks, [&](parallel::World& world) {
    set_num_threads(1);
    const Tensor flat = ones({numbers}, DType::f32);
    parallel::GradientSum sum(world, flat, {{0, numbers}}, {.bucket_bytes = bucket_bytes});
    for (;;) {
      if (world.rank() == 0) goes_on = state.KeepRunning();
      double wait = 0;
      world.add_up(std::span(&wait, 1));
      if (!goes_on) break;
      sum.begin(1);
      sum.parameter_done(0);
      sum.end_shard();
      sum.finish();
    }
  });
}

const bool registered = [] {
  for (const auto& [name, numbers] :
       {std::pair{"tiny, 4.4 million", 4'400'000}, {"mini, 11.2 million", 11'200'000}}) {
    auto* benchmark = benchmark::RegisterBenchmark(
        name, [numbers = int64_t{numbers}](benchmark::State& state) { add_up(state, numbers); });
    for (const int64_t ranks : {2, 4})
      for (const int64_t kilobytes : {64, 256, 1024, 4096, 25600}) benchmark->Args({ranks, kilobytes});
    benchmark->UseRealTime();
  }
  return true;
}();

}  // namespace

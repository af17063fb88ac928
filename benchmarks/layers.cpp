// Nanoseconds of a layer at BERT-tiny's sizes: [32, 128, 128] in, 2 heads, forward alone and with backward.
// The number after the name is the threads.
//
//     build/release/benchmarks/bench_layers --benchmark_filter='attention'
#include <benchmark/benchmark.h>

#include <string>

#include "autograd/grad_mode.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "nn/nn.hpp"

using namespace gradus;

namespace {

constexpr int64_t batch = 32, length = 128, hidden = 128, heads = 2;

/// Registers `call`, which takes x [B, S, H] and gives a tensor, without a graph and with backward.
template <class Call>
void on_tokens(const std::string& name, Call call) {
  const auto measure = [call](benchmark::State& state, bool backward) {
    set_num_threads(static_cast<int>(state.range(0)));
    Rng rng(1);
    const Tensor x = randn({batch, length, hidden}, rng);
    for (auto _ : state) {
      if (backward) {
        sum(call(x)).backward();
      } else {
        const NoGrad no_grad;
        benchmark::DoNotOptimize(call(x));
      }
    }
    set_num_threads(1);
  };
  for (const bool backward : {false, true}) {
    benchmark::RegisterBenchmark((name + (backward ? "/backward" : "/forward")).c_str(),
                                 [=](benchmark::State& state) { measure(state, backward); })
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime();
  }
}

const bool registered = [] {
  static Rng rng(2);
  static const nn::MultiHeadAttention attention(hidden, heads, rng);
  static const Tensor memory = randn({batch, length, hidden}, rng);
  on_tokens("self_attention", [](const Tensor& x) { return attention(x); });
  on_tokens("cross_attention", [](const Tensor& x) { return attention(x, memory); });
  on_tokens("attention_with_weights",
            [](const Tensor& x) { return attention.with_weights(x, memory).first; });
  return true;
}();

}  // namespace

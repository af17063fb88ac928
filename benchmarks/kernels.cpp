// Nanoseconds an element of the row-wise and fused kernels at BERT-tiny's sizes (4,096 tokens of a batch of
// 32 x 128), beside a plain copy of the same matrix. ns_element is wall time; the number after the name is
// the threads.
//
//     build/release/benchmarks/bench_kernels --benchmark_filter='layer_norm'
#include <benchmark/benchmark.h>

#include <algorithm>
#include <vector>

#include "autograd/kernels/check_finite.hpp"
#include "autograd/kernels/layers/bias.hpp"
#include "autograd/kernels/layers/bias_act.hpp"
#include "autograd/kernels/layers/cross_entropy.hpp"
#include "autograd/kernels/layers/dropout.hpp"
#include "autograd/kernels/layers/embedding.hpp"
#include "autograd/kernels/layers/layer_norm.hpp"
#include "autograd/kernels/layers/residual_layer_norm.hpp"
#include "autograd/kernels/layers/softmax.hpp"
#include "autograd/kernels/optimizer.hpp"
#include "autograd/kernels/parallel.hpp"
#include "autograd/random.hpp"

using namespace gradus;

namespace {

using Floats = std::vector<float>;

Floats random_floats(int64_t n, uint64_t seed) {
  Rng rng(seed);
  Floats values;
  for (int64_t i = 0; i < n; ++i) values.push_back(static_cast<float>(4 * rng.uniform() - 2));
  return values;
}

/// The matrices and vectors that a kernel may need, of one size.
struct Rows {
  int64_t rows, cols, n = rows * cols;
  Floats x = random_floats(n, 1), dy = random_floats(n, 2), y = random_floats(n, 3), dx = random_floats(n, 4);
  Floats bias = random_floats(cols, 5), gamma = random_floats(cols, 6), dbias = bias, dgamma = bias,
         dbeta = bias;
  Floats mean = Floats(rows), rstd = Floats(rows, 1);
};

/// Times `kernel` with as many threads as the benchmark's argument says.
template <class F>
void measure(benchmark::State& state, int64_t elements, F&& kernel) {
  set_num_threads(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    kernel();
    benchmark::ClobberMemory();
  }
  const double done = static_cast<double>(state.iterations()) * static_cast<double>(elements);
  state.counters["ns_element"] =
      benchmark::Counter(done * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  set_num_threads(1);
}

/// Registers `kernel`, which takes a Rows, at one size.
template <class F>
void on_rows(const char* name, int64_t rows, int64_t cols, F kernel) {
  benchmark::RegisterBenchmark(name,
                               [=](benchmark::State& state) {
                                 Rows r{rows, cols};
                                 measure(state, r.n, [&] { kernel(r); });
                               })
      ->Arg(1)
      ->Arg(2)
      ->UseRealTime();
}

void on_hidden_rows() {
  const int64_t rows = 4096, cols = 128;
  on_rows("copy [4096,128]", rows, cols, [](Rows& r) { std::copy_n(r.x.data(), r.n, r.y.data()); });
  on_rows("add_bias [4096,128]", rows, cols,
          [](Rows& r) { kernels::add_bias(r.x.data(), r.bias.data(), r.rows, r.cols); });
  on_rows("column_sum [4096,128]", rows, cols,
          [](Rows& r) { kernels::column_sum(r.dy.data(), r.dbias.data(), r.rows, r.cols); });
  on_rows("dropout [4096,128]", rows, cols,
          [](Rows& r) { kernels::dropout(r.x.data(), r.y.data(), r.n, 0.1, 7); });
  on_rows("softmax [4096,128]", rows, cols,
          [](Rows& r) { kernels::softmax(r.x.data(), r.y.data(), r.rows, r.cols); });
  on_rows("softmax_backward [4096,128]", rows, cols,
          [](Rows& r) { kernels::softmax_backward(r.y.data(), r.dy.data(), r.dx.data(), r.rows, r.cols); });
  on_rows("layer_norm [4096,128]", rows, cols, [](Rows& r) {
    kernels::layer_norm(r.x.data(), r.gamma.data(), r.bias.data(), 1e-12, r.y.data(), r.mean.data(),
                        r.rstd.data(), r.rows, r.cols);
  });
  on_rows("layer_norm_backward [4096,128]", rows, cols, [](Rows& r) {
    kernels::layer_norm_backward(r.dy.data(), r.x.data(), r.mean.data(), r.rstd.data(), r.gamma.data(),
                                 r.dx.data(), r.dgamma.data(), r.dbeta.data(), r.rows, r.cols);
  });
  on_rows("residual_layer_norm [4096,128]", rows, cols, [](Rows& r) {
    kernels::residual_layer_norm(r.x.data(), r.bias.data(), r.dy.data(), r.gamma.data(), r.bias.data(), 1e-12,
                                 0.1, 7, r.dx.data(), r.y.data(), r.rstd.data(), r.rows, r.cols);
  });
  on_rows("residual_layer_norm_backward [4096,128]", rows, cols, [](Rows& r) {
    kernels::residual_layer_norm_backward(r.dy.data(), r.y.data(), r.rstd.data(), r.gamma.data(), 0.1, 7,
                                          r.dx.data(), r.x.data(), r.dbias.data(), r.dgamma.data(),
                                          r.dbeta.data(), r.rows, r.cols);
  });
  on_rows("first_not_finite [4096,128]", rows, cols,
          [](Rows& r) { benchmark::DoNotOptimize(kernels::first_not_finite(r.x.data(), r.n)); });
}

void on_intermediate_rows() {
  const int64_t rows = 4096, cols = 512;
  on_rows("copy [4096,512]", rows, cols, [](Rows& r) { std::copy_n(r.x.data(), r.n, r.y.data()); });
  const auto activation = [=](const char* name, kernels::Activation kind) {
    on_rows(name, rows, cols, [kind](Rows& r) {
      kernels::bias_act(kind, r.x.data(), r.bias.data(), r.y.data(), r.dx.data(), r.rows, r.cols);
    });
  };
  activation("bias_gelu [4096,512]", kernels::Activation::gelu);
  activation("bias_gelu_tanh [4096,512]", kernels::Activation::gelu_tanh);
  activation("bias_relu [4096,512]", kernels::Activation::relu);
  on_rows("bias_act_backward [4096,512]", rows, cols, [](Rows& r) {
    kernels::bias_act_backward(r.dy.data(), r.x.data(), r.dx.data(), r.dbias.data(), r.rows, r.cols);
  });
}

void on_logits() {
  const int64_t rows = 614, classes = 8192;
  const auto targets = [](const Rows& r) {
    std::vector<int64_t> classes_of_rows;
    for (int64_t i = 0; i < r.rows; ++i) classes_of_rows.push_back(i * 13 % r.cols);
    return classes_of_rows;
  };
  on_rows("copy [614,8192]", rows, classes, [](Rows& r) { std::copy_n(r.x.data(), r.n, r.y.data()); });
  on_rows("cross_entropy [614,8192]", rows, classes, [=](Rows& r) {
    const auto classes_of_rows = targets(r);
    std::vector<float> loss(static_cast<size_t>(r.rows));
    kernels::cross_entropy(r.x.data(), classes_of_rows.data(), -100, 0.0, loss.data(), r.mean.data(),
                           r.rstd.data(), r.rows, r.cols);
  });
  on_rows("cross_entropy_backward [614,8192]", rows, classes, [=](Rows& r) {
    const auto classes_of_rows = targets(r);
    const std::vector<float> dloss(static_cast<size_t>(r.rows), 1.0F);
    kernels::cross_entropy_backward(r.x.data(), classes_of_rows.data(), r.mean.data(), r.rstd.data(),
                                    dloss.data(), -100, 0.0, r.y.data(), r.rows, r.cols);
  });
}

void on_embeddings() {
  const int64_t V = 8192, H = 128, B = 32, S = 128;
  const auto ids = [](uint64_t seed, uint64_t below) {
    Rng rng(seed);
    std::vector<int64_t> some;
    for (int64_t i = 0; i < B * S; ++i) some.push_back(static_cast<int64_t>(rng.below(below)));
    return some;
  };
  benchmark::RegisterBenchmark(
      "embedding_sum [4096,128]",
      [=](benchmark::State& state) {
        const Floats word = random_floats(V * H, 1), other = random_floats(S * H, 2);
        const auto words = ids(3, V), types = ids(4, 2);
        Floats out(B * S * H);
        const kernels::EmbeddingTables<float> tables{word.data(), other.data(), other.data(), V, 2, H};
        measure(state, B * S * H,
                [&] { kernels::embedding_sum(tables, words.data(), types.data(), B, S, out.data()); });
      })
      ->Arg(1)
      ->Arg(2)
      ->UseRealTime();
  for (const int64_t table : {V, int64_t{2}}) {
    const char* name = table == 2 ? "scatter_add_rows V=2 [4096,128]" : "scatter_add_rows V=8192 [4096,128]";
    benchmark::RegisterBenchmark(
        name,
        [=](benchmark::State& state) {
          const Floats dy = random_floats(B * S * H, 1);
          const auto rows = ids(3, static_cast<uint64_t>(table));
          Floats dtable(table * H);
          measure(state, B * S * H,
                  [&] { kernels::scatter_add_rows(dy.data(), rows.data(), B * S, dtable.data(), table, H); });
        })
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime();
  }
}

void on_parameters() {
  const int64_t n = 1 << 21;  // about those of BERT-tiny with 8,192 pieces
  on_rows("copy [2097152]", 1, n, [](Rows& r) { std::copy_n(r.x.data(), r.n, r.y.data()); });
  on_rows("sum_of_squares [2097152]", 1, n,
          [](Rows& r) { benchmark::DoNotOptimize(kernels::sum_of_squares(r.x.data(), r.n)); });
  on_rows("adamw_step [2097152]", 1, n, [](Rows& r) {
    if (r.dgamma[0] != 1) std::fill(r.dgamma.begin(), r.dgamma.end(), 1.0f);  // a square is not negative
    kernels::adamw_step(r.x.data(), r.dy.data(), r.y.data(), r.dgamma.data(), r.n, kernels::AdamSettings{});
  });
}

const bool registered = [] {
  on_hidden_rows();
  on_intermediate_rows();
  on_logits();
  on_embeddings();
  on_parameters();
  return true;
}();

}  // namespace

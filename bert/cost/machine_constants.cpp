#include "bert/cost/machine_constants.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "autograd/kernels/attention.hpp"
#include "autograd/kernels/bias_act.hpp"
#include "autograd/kernels/gemm.hpp"
#include "autograd/kernels/peak.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/threads.hpp"

namespace gradus::bert {
namespace {

/// The least of `trials` calls, after one that warms up.
template <class Body>
double best_seconds(int trials, Body&& body) {
  using Clock = std::chrono::steady_clock;
  double best = std::numeric_limits<double>::infinity();
  body();
  for (int i = 0; i < trials; ++i) {
    const auto begin = Clock::now();
    body();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - begin).count());
  }
  return best;
}

/// The value of a table at `size`: between two entries on a straight line over the logarithm of the size,
/// beyond its ends the last one.
double at_size(const std::map<int64_t, double>& table, double size) {
  const auto above = table.lower_bound(static_cast<int64_t>(std::ceil(size)));
  if (above == table.begin()) return above->second;
  const auto below = std::prev(above);
  if (above == table.end()) return below->second;
  const double low = std::log(static_cast<double>(below->first)),
               high = std::log(static_cast<double>(above->first));
  const double part = (std::log(size) - low) / (high - low);
  return below->second + part * (above->second - below->second);
}

void measure_products(MachineConstants& machine) {
  constexpr int64_t rows = 2048, widest = 1024;
  std::vector<float> a(rows * widest, 0.5f), b(widest * std::max(rows, widest), 0.25f), c(rows * widest);
  const auto speed = [&](int64_t m, int64_t n, int64_t k, kernels::Matrix<const float> left,
                         kernels::Matrix<const float> right) {
    const double flops = MatrixProduct{m, n, k}.flops();
    const int trials = flops > 1e9 ? 3 : 8;
    return flops / best_seconds(trials, [&] {
             kernels::gemm<float>(1, left, right, 0, kernels::Matrix<float>{c.data(), m, n, n, 1});
           });
  };
  for (int64_t h = 16; h <= widest; h *= 2) {
    machine.tall_products[h] = speed(rows, h, h, {a.data(), rows, h, h, 1}, {b.data(), h, h, 1, h});
    machine.deep_products[h] = speed(h, h, rows, {a.data(), h, rows, 1, h}, {b.data(), rows, h, h, 1});
  }
}

void measure_bandwidth(MachineConstants& machine) {
  constexpr int64_t most = int64_t{1} << 23;  // 96 MiB in three arrays
  std::vector<float> x(most), y(most, 0.5f), z(most, 0.25f);
  for (int64_t n = int64_t{1} << 13; n <= most; n *= 4) {
    const double seconds = best_seconds(n == most ? 3 : 8, [&] {
      kernels::parallel_ranges(n, kernels::elements_per_piece, [&](int64_t begin, int64_t end) {
        float* to = x.data();
        const float *first = y.data(), *second = z.data();
#pragma omp simd
        for (int64_t i = begin; i < end; ++i) to[i] = first[i] + 0.5f * second[i];
      });
    });
    const int64_t bytes = 12 * n;
    machine.bandwidth[bytes] = static_cast<double>(bytes) / seconds;
  }
}

/// Bias and GELU over few rows again and again, on one thread: times the threads, for nothing is shared.
void measure_arithmetic(MachineConstants& machine, double operations_an_element) {
  constexpr int64_t rows = 16, cols = 1024;
  std::vector<float> x(rows * cols, 0.5f), bias(cols), y(rows * cols), slope(rows * cols);
  const double seconds = best_seconds(8, [&] {
    kernels::bias_act<float>(Activation::gelu, x.data(), bias.data(), y.data(), slope.data(), rows, cols);
  });
  machine.arithmetic = operations_an_element * rows * cols * machine.threads / seconds;
}

/// Fused attention at two head sizes: what both have is the softmax, what the larger takes longer is products.
void measure_attention(MachineConstants& machine) {
  constexpr int64_t S = 128, heads = 8, narrowest = 32, widest = 64;
  std::vector<float> q(heads * S * widest, 0.01f), k = q, v = q, out = q, dq = q, dk = q, dv = q;
  std::vector<float> shift(heads * S), inverse(heads * S);
  const kernels::AttentionOptions options{.scale = 0.1, .mask = {}, .dropout = 0.1};
  const auto seconds = [&](int64_t D, bool backward) {
    const auto head = [&](std::vector<float>& x) {
      return kernels::Heads<float>{x.data(), S * heads * D, D, heads * D};
    };
    const auto input = [&](std::vector<float>& x) {
      return kernels::Heads<const float>{x.data(), S * heads * D, D, heads * D};
    };
    const kernels::AttentionShape shape{1, heads, S, S, D};
    return best_seconds(6, [&] {
      if (backward)
        kernels::attention_backward<float>(shape, options, input(q), input(k), input(v),
                                           {shift.data(), inverse.data()}, input(out), head(dq), head(dk),
                                           head(dv));
      else
        kernels::attention_forward<float>(shape, options, input(q), input(k), input(v), head(out),
                                          {shift.data(), inverse.data()});
    });
  };
  const Config one{.hidden_size = 64, .num_hidden_layers = 1, .num_attention_heads = 1};
  const double cells = static_cast<double>(heads * S * S);
  for (const bool backward : {false, true}) {
    const double narrow = seconds(narrowest, backward), wide = seconds(widest, backward);
    const double product = 2 * cells * narrowest * (backward ? 5 : 2);  // operations of all that are narrow
    const double more = std::clamp(wide - narrow, 0.1 * narrow, 0.9 * narrow);
    if (!backward) machine.tiles = product / more;
    // What is done to a score, as the ledger counts it.
    double operations = 0;
    for (const CostRow& row : step_cost(one, {.batch = heads, .length = S}))
      if (row.kind == CostKind::inside) operations = backward ? row.backward.flops : row.forward.flops;
    const double rest = std::max(narrow - product / machine.tiles, 0.1 * narrow);
    (backward ? machine.softmax_backward : machine.softmax) = operations / rest;
  }
}

}  // namespace

MachineConstants measure_machine_constants() {
  MachineConstants machine;
  machine.threads = num_threads();
  machine.peak = kernels::measure_peak().flops_a_second;
  measure_products(machine);
  measure_bandwidth(machine);
  const Config gelu;
  const auto rows = step_cost(gelu, {.batch = 1, .length = 1, .every_token = true});
  const auto act = std::find_if(rows.begin(), rows.end(), [](const CostRow& row) {
    return row.part.starts_with("feed-forward: bias");
  });
  measure_arithmetic(machine, act->forward.flops / static_cast<double>(gelu.intermediate_size));
  measure_attention(machine);
  std::vector<float> lines(64 * 64);
  machine.call = best_seconds(
      200, [&] { kernels::parallel_for(4, [&](int64_t i) { lines[static_cast<size_t>(64 * i)] += 1; }); });
  return machine;
}

double predicted_seconds(const MatrixProduct& product, const MachineConstants& machine) {
  const auto smallest = static_cast<double>(std::min({product.m, product.n, product.k}));
  const bool deep = product.k > product.m && product.k > product.n;
  const double bytes = product.bytes() / static_cast<double>(product.count);
  const double count = static_cast<double>(product.count);
  return product.flops() / at_size(deep ? machine.deep_products : machine.tall_products, smallest) +
         count * (bytes / at_size(machine.bandwidth, bytes) + machine.call);
}

PredictedSeconds predicted_seconds(const CostRow& row, const MachineConstants& machine) {
  const auto one = [&](const Work& work, double softmax) {
    const double calls = static_cast<double>(work.calls);
    const double moving = work.calls > 0 ? work.bytes / at_size(machine.bandwidth, work.bytes / calls) : 0;
    double seconds = 0;
    switch (row.kind) {
      case CostKind::product:
        for (const MatrixProduct& product : work.products) seconds += predicted_seconds(product, machine);
        return seconds;
      case CostKind::tile:
        return work.flops / machine.tiles + calls * machine.call;
      case CostKind::inside:
        return work.flops / softmax;
      default:
        return std::max(moving, work.flops / machine.arithmetic) + calls * machine.call;
    }
  };
  return {one(row.forward, machine.softmax), one(row.backward, machine.softmax_backward)};
}

}  // namespace gradus::bert

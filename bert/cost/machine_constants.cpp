#include "bert/cost/machine_constants.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/kernels/layers/attention.hpp"
#include "autograd/kernels/layers/bias_act.hpp"
#include "autograd/kernels/layers/residual_layer_norm.hpp"
#include "autograd/kernels/measure/peak.hpp"
#include "autograd/kernels/pieces.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/ops.hpp"
#include "bert/cost/work_clock.hpp"

namespace gradus::bert {
namespace {

/// The least of `trials` calls, after one that warms up.
template <class Body>
double best_seconds(int trials, Body&& body) {
  double best = std::numeric_limits<double>::infinity();
  body();
  for (int i = 0; i < trials; ++i) {
    const double begin = work_clock();
    body();
    best = std::min(best, work_clock() - begin);
  }
  return best;
}

/// Memory as tensors have it, which lies on huge pages where it is large.
struct Numbers {
  explicit Numbers(int64_t n, double value = 0) : tensor(full({n}, value)) {}
  float* data() const { return Tensor(tensor).mutable_data<float>(); }
  Tensor tensor;
};

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
  constexpr int64_t rows = 2048, widest = 512, large = 1024, most = rows * 4 * widest;
  const Numbers a(most, 0.5), b(most, 0.25), c(most);
  const auto speed = [&](int64_t m, int64_t n, int64_t k, kernels::Matrix<const float> left,
                         kernels::Matrix<const float> right) {
    const double flops = MatrixProduct{m, n, k}.flops();
    const int trials = flops > 1e9 ? 2 : 6;
    return flops / best_seconds(trials, [&] {
             kernels::gemm<float>(1, left, right, 0, kernels::Matrix<float>{c.data(), m, n, n, 1});
           });
  };
  for (int64_t h = 16; h <= widest; h *= 2) {
    const int64_t w = 4 * h;
    machine.tall_products[h] = speed(rows, w, h, {a.data(), rows, h, h, 1}, {b.data(), h, w, 1, h});
    machine.deep_products[h] = speed(w, h, rows, {a.data(), w, rows, 1, w}, {b.data(), rows, h, h, 1});
    machine.flat_products[h] =
        speed(h, large, large, {a.data(), h, large, large, 1}, {b.data(), large, large, 1, large});
  }
}

void measure_bandwidth(MachineConstants& machine) {
  constexpr int64_t most = int64_t{1} << 23;  // 96 MiB in three arrays
  const Numbers x(most), y(most, 0.5), z(most, 0.25);
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

/// The operations an element that the ledger counts for a part of a layer of hidden size 1,024.
struct Operations {
  double forward = 0, backward = 0;
};
Operations operations_an_element(const std::string& part) {
  const Config config{
      .hidden_size = 1024, .num_hidden_layers = 1, .num_attention_heads = 1, .intermediate_size = 1024};
  for (const CostRow& row : step_cost(config, {.batch = 1, .length = 1, .every_token = true}))
    if (row.part == part) return {row.forward.flops / 1024, row.backward.flops / 1024};
  fail<Error>("the ledger has no part \"{}\"", part);
}

// The next two take few numbers again and again, one piece of work for one thread: the threads together do as
// many times more.

void measure_arithmetic(MachineConstants& machine) {
  constexpr int64_t rows = 16, cols = 1024;
  std::vector<float> x(rows * cols, 0.5f), bias(cols), y(rows * cols), slope(rows * cols);
  const double seconds = best_seconds(8, [&] {
    kernels::bias_act<float>(Activation::gelu, x.data(), bias.data(), y.data(), slope.data(), rows, cols);
  });
  const double operations = operations_an_element("feed-forward: bias, gelu").forward;
  machine.arithmetic = operations * rows * cols * machine.threads / seconds;
}

void measure_norm(MachineConstants& machine) {
  constexpr int64_t rows = 64, cols = 256;
  std::vector<float> x(rows * cols), residual(rows * cols), xhat(rows * cols), y(rows * cols);
  std::vector<float> dresidual(rows * cols), dx(rows * cols), rstd(rows), scale(cols, 1), shift(cols),
      sums(3 * cols);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7);
  const double forward = best_seconds(8, [&] {
    kernels::residual_layer_norm<float>(x.data(), shift.data(), residual.data(), scale.data(), shift.data(),
                                        1e-12, 0.1, 1, xhat.data(), y.data(), rstd.data(), rows, cols);
  });
  const double backward = best_seconds(8, [&] {
    kernels::residual_layer_norm_backward<float>(y.data(), xhat.data(), rstd.data(), scale.data(), 0.1, 1,
                                                 dresidual.data(), dx.data(), sums.data(), sums.data() + cols,
                                                 sums.data() + 2 * cols, rows, cols);
  });
  const Operations each = operations_an_element("feed-forward 2: bias, dropout, sum, LayerNorm");
  machine.norm = each.forward * rows * cols * machine.threads / forward;
  machine.norm_backward = each.backward * rows * cols * machine.threads / backward;
}

/// Fused attention at two head sizes: what both have is the softmax, and what the larger takes longer is
/// products.
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
  const auto rows = step_cost(one, {.batch = heads, .length = S});
  const auto softmax = std::ranges::find(rows, CostKind::inside, &CostRow::kind);
  const double cells = static_cast<double>(heads * S * S);
  for (const bool backward : {false, true}) {
    const double narrow = seconds(narrowest, backward), wide = seconds(widest, backward);
    const double product = 2 * cells * narrowest * (backward ? 5 : 2);  // operations of all that are narrow
    const double more = std::clamp(wide - narrow, 0.1 * narrow, 0.9 * narrow);
    if (!backward) machine.tiles = product / more;
    const double operations = backward ? softmax->backward.flops : softmax->forward.flops;
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
  measure_arithmetic(machine);
  measure_norm(machine);
  measure_attention(machine);
  std::vector<float> lines(64 * 64);
  machine.call = best_seconds(
      200, [&] { kernels::parallel_for(4, [&](int64_t i) { lines[static_cast<size_t>(64 * i)] += 1; }); });
  return machine;
}

double predicted_seconds(const MatrixProduct& product, const MachineConstants& machine) {
  const auto& [m, n, k, count] = product;
  const auto& speeds = k > m && k > n   ? machine.deep_products
                       : m < n && m < k ? machine.flat_products
                                        : machine.tall_products;
  const double from_memory = product.bytes() / machine.bandwidth.rbegin()->second;
  return product.flops() / at_size(speeds, static_cast<double>(std::min({m, n, k}))) + from_memory +
         static_cast<double>(count) * machine.call;
}

PredictedSeconds predicted_seconds(const CostRow& row, const MachineConstants& machine) {
  const auto from_memory = [&](double bytes) { return bytes / machine.bandwidth.rbegin()->second; };
  const auto one = [&](const Work& work, double norm, double softmax) {
    const double calls = static_cast<double>(work.calls);
    const double moving = work.calls > 0 ? work.bytes / at_size(machine.bandwidth, work.bytes / calls) : 0;
    double seconds = 0;
    switch (row.kind) {
      case CostKind::product:
        for (const MatrixProduct& product : work.products) seconds += predicted_seconds(product, machine);
        return seconds;
      case CostKind::tile:
        return work.flops / machine.tiles + from_memory(work.bytes) + calls * machine.call;
      case CostKind::inside:
        return work.flops / softmax;
      case CostKind::norm:
        return std::max(moving, work.flops / norm) + calls * machine.call;
      default:
        return std::max(moving, work.flops / machine.arithmetic) + calls * machine.call;
    }
  };
  return {one(row.forward, machine.norm, machine.softmax),
          one(row.backward, machine.norm_backward, machine.softmax_backward)};
}

}  // namespace gradus::bert

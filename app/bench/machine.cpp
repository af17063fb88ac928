#include "app/bench/machine.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "app/bench/processor.hpp"
#include "app/bench/timing.hpp"
#include "autograd/kernels/products/blis_choice.hpp"
#include "autograd/kernels/products/gemm.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"

namespace gradus::app {
namespace {

/// The higher of two measurements is the peak: whatever else runs can only lower one.
void measure_again(kernels::Peak& peak, double seconds) {
  const kernels::Peak again = kernels::measure_peak(seconds);
  if (again.flops_a_second > peak.flops_a_second) peak = again;
}

}  // namespace

/// What BLIS reaches is measured on one thread and in short products, the fastest of which counts: so another
/// process hardly lowers it, as it hardly lowers the peak.
Machine measure_machine() {
  constexpr int64_t n = 384;
  const std::vector<float> a(n * n, 0.5f), b(n * n, 0.25f);
  std::vector<float> c(n * n);
  const auto product = [&] {
    kernels::gemm_plain<float>(1, 1, {a.data(), n, n, n, 1}, {b.data(), n, n, n, 1}, 0,
                               kernels::Matrix<float>{c.data(), n, n, n, 1});
  };
  Machine machine;
  machine.processor = processor_name();
  machine.cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  machine.blis_set = kernels::blis_kernels();
  machine.blis_why = kernels::blis_choice().reason;
  const int threads = num_threads();
  set_num_threads(1);
  product();
  double fastest = seconds_of(product);
  for (int i = 0; i < 5; ++i) {  // in turn, so that a change of the clock meets both
    measure_again(machine.of_one, 0.01);
    for (int j = 0; j < 4; ++j) fastest = std::min(fastest, seconds_of(product));
  }
  set_num_threads(threads);
  machine.blis = 2.0 * n * n * n / fastest;
  return machine;
}

std::string to_text(const Machine& machine) {
  return fmt::format(
      "{}, {} {}\n"
      "BLIS kernels {} ({}): {:.0f} GFLOP/s on one thread, {:.0f} % of its peak\n",
      machine.processor, machine.cores, plural(machine.cores, "core"), machine.blis_set, machine.blis_why,
      machine.blis / 1e9, 100 * machine.share_of_blis());
}

void add_to_json(nlohmann::ordered_json& object, const Machine& machine) {
  object["processor"] = machine.processor;
  object["cores"] = machine.cores;
  object["vector_bits"] = machine.of_one.vector_bits;
  object["blis_kernels"] = machine.blis_set;
  object["blis_kernels_why"] = machine.blis_why;
  object["blis_gigaflops"] = machine.blis / 1e9;
  object["blis_share_of_peak"] = machine.share_of_blis();
}

Limits measure_limits() {
  Limits limits{num_threads(), {}, kernels::measure_bandwidth()};
  for (int i = 0; i < 5; ++i) measure_again(limits.peak, 0.02);
  return limits;
}

std::string to_text(const Limits& limits) {
  return fmt::format("{} {}: a peak of {:.0f} GFLOP/s, {} of {} bits; memory {:.1f} GB/s\n", limits.threads,
                     plural(limits.threads, "thread"), limits.peak.flops_a_second / 1e9,
                     limits.peak.fused ? "fused multiply-adds" : "multiplications and additions",
                     limits.peak.vector_bits, limits.memory.bytes_a_second / 1e9);
}

nlohmann::ordered_json to_json(const Limits& limits) {
  return {{"threads", limits.threads},
          {"peak_gigaflops", limits.peak.flops_a_second / 1e9},
          {"memory_gigabytes", limits.memory.bytes_a_second / 1e9}};
}

}  // namespace gradus::app

// The measured peak against the clock, against BLIS and against itself.
#include "autograd/kernels/measure/peak.hpp"

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "autograd/kernels/products/gemm.hpp"
#include "autograd/threads.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

double seconds_of(auto&& body) {
  const auto begin = std::chrono::steady_clock::now();
  body();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct OneThread {
  int before = num_threads();
  OneThread() { set_num_threads(1); }
  ~OneThread() { set_num_threads(before); }
};

}  // namespace

TEST_CASE("the peak: what a clock allows, as wide as the processor, in about the time asked for") {
  const OneThread guard;
  Peak peak;
  CHECK(seconds_of([&] { peak = measure_peak(0.04); }) >= 0.04);
  const int lanes = peak.vector_bits / 32;
  CHECK((lanes == 4 || lanes == 8 || lanes == 16));
  // No processor has more than four units, or a clock above 7 GHz.
  CHECK(peak.flops_a_second > 0);
  CHECK(peak.flops_a_second < 4 * 2.0 * lanes * 7e9);
#ifdef __AVX512F__
  CHECK(peak.vector_bits == 512);
#endif
}

TEST_CASE("the peak of more threads than cores is no more than the cores could reach") {
  const OneThread guard;
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  set_num_threads(8 * cores);
  const Peak peak = measure_peak(0.01);
  const int lanes = peak.vector_bits / 32;
  CHECK(peak.flops_a_second > 0);
  CHECK(peak.flops_a_second < cores * 4 * 2.0 * lanes * 7e9);
}

// Unoptimised, and under the sanitizers, the sums do not stay in registers.
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__)
TEST_CASE("the peak is above what BLIS reaches, and above one operation a cycle and lane") {
  const OneThread guard;
  constexpr int64_t n = 384;
  const std::vector<float> a(n * n, 0.5f), b(n * n, 0.25f);
  std::vector<float> c(n * n);
  double peak = 0, blis = 0;
  for (int i = 0; i < 5; ++i) {  // in turn, so that a change of the clock meets both
    const Peak now = measure_peak(0.01);
    peak = std::max(peak, now.flops_a_second);
    const double seconds = seconds_of([&] {
      gemm<float>(1, {a.data(), n, n, n, 1}, {b.data(), n, n, n, 1}, 0, Matrix<float>{c.data(), n, n, n, 1});
    });
    blis = std::max(blis, 2.0 * n * n * n / seconds);
    CHECK(now.flops_a_second > 0.2e9 * now.vector_bits / 32);  // on any machine, however busy
  }
  CHECK(peak > 0.97 * blis);
}
#endif

TEST_CASE("the peak of more threads is not below that of fewer") {
  const int before = num_threads();
  double one = 0, two = 0;
  for (int i = 0; i < 3; ++i) {
    set_num_threads(1);
    one = std::max(one, measure_peak(0.01).flops_a_second);
    set_num_threads(2);
    two = std::max(two, measure_peak(0.01).flops_a_second);
  }
  set_num_threads(before);
  CHECK(two > 0.9 * one);  // two threads may share one core's units
}

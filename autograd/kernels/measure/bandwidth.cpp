#include "autograd/kernels/measure/bandwidth.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>

#include "autograd/kernels/parallel.hpp"

namespace gradus::kernels {

namespace {

/// Elements of each array: together they are at least four times the last cache, of which a virtual machine
/// may be told too little or nothing.
int64_t elements_of_array() {
  int64_t cache = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
  cache = std::max<int64_t>(sysconf(_SC_LEVEL2_CACHE_SIZE), sysconf(_SC_LEVEL3_CACHE_SIZE));
#endif
  constexpr int64_t least = int64_t{32} << 20, most = int64_t{256} << 20;  // bytes of an array
  return std::clamp(cache * 4 / 3, least, most) / static_cast<int64_t>(sizeof(float));
}

constexpr int64_t piece = int64_t{1} << 18;  // elements: a megabyte of each array

void fill(float* x, int64_t n, float value) {
  parallel_ranges(n, piece, [=](int64_t begin, int64_t end) { std::fill(x + begin, x + end, value); });
}

void triad(const float* a, const float* b, float* c, int64_t n, float s) {
  parallel_ranges(n, piece, [=](int64_t begin, int64_t end) {
#pragma omp simd
    for (int64_t i = begin; i < end; ++i) c[i] = a[i] + s * b[i];
  });
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Bandwidth measure_bandwidth(double seconds) {
  const int64_t n = elements_of_array();
  // Not initialised here: a page goes to the thread that writes it first.
  const std::unique_ptr<float[]> a(new float[n]), b(new float[n]), c(new float[n]);
  fill(a.get(), n, 1), fill(b.get(), n, 2), fill(c.get(), n, 0);
  double fastest = std::numeric_limits<double>::infinity();
  const double end = seconds_now() + seconds;
  int passes = 0;
  for (double before = seconds_now(); before < end || passes < 3; ++passes) {
    triad(a.get(), b.get(), c.get(), n, static_cast<float>(passes));
    const double after = seconds_now();
    fastest = std::min(fastest, after - before);
    before = after;
  }
  const int64_t bytes = 3 * n * static_cast<int64_t>(sizeof(float));
  return {static_cast<double>(bytes) / fastest, bytes};
}

}  // namespace gradus::kernels

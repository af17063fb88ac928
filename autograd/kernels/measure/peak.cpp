#include "autograd/kernels/measure/peak.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "autograd/kernels/parallel.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace gradus::kernels {

namespace {

constexpr int64_t rounds = 4096;  // of a block: some 20 to 200 us

// x = x a + b in independent chains, enough of them that no addition waits for the one before: two units with
// a latency of four to six cycles want eight to twelve. The values stay near 1.
#define GRADUS_CHAINS(V, SET, STEP)                                                    \
  constexpr int chains = 12;                                                           \
  V x[chains];                                                                         \
  const V a = SET(0.999f), b = SET(0.001f);                                            \
  for (int c = 0; c < chains; ++c) x[c] = SET(start + static_cast<float>(c));          \
  for (int64_t i = 0; i < rounds; ++i) {                                               \
    _Pragma("GCC unroll 12") for (int c = 0; c < chains; ++c) x[c] = STEP(x[c], a, b); \
  }                                                                                    \
  V sum = x[0];                                                                        \
  for (int c = 1; c < chains; ++c) sum = STEP(sum, a, x[c]);                           \
  float values[sizeof(V) / sizeof(float)];                                             \
  __builtin_memcpy(values, &sum, sizeof sum);                                          \
  return values[0]

// One block of work; the result is only there to be used.
using Block = float (*)(float start);

#if defined(__x86_64__)

__attribute__((target("avx512f"))) float block_avx512(float start) {
  GRADUS_CHAINS(__m512, _mm512_set1_ps, _mm512_fmadd_ps);
}

__attribute__((target("avx2,fma"))) float block_avx2(float start) {
  GRADUS_CHAINS(__m256, _mm256_set1_ps, _mm256_fmadd_ps);
}

#define GRADUS_AVX_STEP(x, a, b) _mm256_add_ps(_mm256_mul_ps(x, a), b)
__attribute__((target("avx"))) float block_avx(float start) {
  GRADUS_CHAINS(__m256, _mm256_set1_ps, GRADUS_AVX_STEP);
}

#define GRADUS_SSE_STEP(x, a, b) _mm_add_ps(_mm_mul_ps(x, a), b)
float block_sse(float start) { GRADUS_CHAINS(__m128, _mm_set1_ps, GRADUS_SSE_STEP); }

#elif defined(__aarch64__)

#define GRADUS_NEON_STEP(x, a, b) vfmaq_f32(b, x, a)
float block_neon(float start) { GRADUS_CHAINS(float32x4_t, vdupq_n_f32, GRADUS_NEON_STEP); }

#else

using Four = float __attribute__((vector_size(16)));
Four four(float x) { return Four{x, x, x, x}; }
#define GRADUS_STEP(x, a, b) ((x) * (a) + (b))
float block_plain(float start) { GRADUS_CHAINS(Four, four, GRADUS_STEP); }

#endif

struct Kind {
  Block block;
  int bits;
  bool fused;
};

Kind widest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) return {block_avx512, 512, true};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {block_avx2, 256, true};
  if (__builtin_cpu_supports("avx")) return {block_avx, 256, false};
  return {block_sse, 128, false};
#elif defined(__aarch64__)
  return {block_neon, 128, true};
#else
  return {block_plain, 128, false};
#endif
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median_block(Block block, double seconds) {
  std::vector<double> times;
  volatile float used = 1;
  const double end = seconds_now() + seconds;
  for (double before = seconds_now(); before < end || times.empty();) {
    used = block(used);
    const double after = seconds_now();
    times.push_back(after - before);
    before = after;
  }
  std::nth_element(times.begin(), times.begin() + static_cast<int64_t>(times.size() / 2), times.end());
  return times[times.size() / 2];
}

}  // namespace

Peak measure_peak(double seconds) {
  const Kind kind = widest();
  const double flops = 2.0 * 12 * (kind.bits / 32) * static_cast<double>(rounds);
  Peak peak{0, kind.bits, kind.fused};
  std::mutex adding;
  parallel_for(num_threads(), [&](int64_t) {
    const double rate = flops / median_block(kind.block, seconds);
    const std::lock_guard lock(adding);
    peak.flops_a_second += rate;
  });
  // More threads than cores take turns, and each of them saw a core of its own for most of its blocks.
  const int cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  if (num_threads() > cores) peak.flops_a_second *= static_cast<double>(cores) / num_threads();
  return peak;
}

}  // namespace gradus::kernels

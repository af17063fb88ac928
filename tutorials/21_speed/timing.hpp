/// @file
/// Chapter 21: what this machine can do on one thread, measured: the peak in registers, and bytes a second
/// from memories near and far.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <vector>

#include "autograd/kernels/measure/peak.hpp"
#include "autograd/threads.hpp"
#include "counting.hpp"
#include "tutorials/support/kit.hpp"

namespace gradus::tutorials::speed {

/// So many threads until the end of the block.
class Threads {
 public:
  explicit Threads(int n) : before_(num_threads()) { set_num_threads(n); }
  ~Threads() { set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

/// Seconds of one call, the first or any other.
inline double seconds_of_once(const std::function<void()>& fn) {
  const auto begin = std::chrono::steady_clock::now();
  fn();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// Seconds of one call of something short: it is called so often that the clock can see it, for about
/// `at_least` seconds, some times over; the least counts. One call before does not count.
inline double seconds_of_one(const std::function<void()>& fn, double at_least = 0.002) {
  int calls = 1;
  for (; calls < (1 << 20); calls *= 2) {
    const double all = seconds_of(
        [&] {
          for (int i = 0; i < calls; ++i) fn();
        },
        1);
    if (all >= at_least) break;
  }
  return seconds_of(
             [&] {
               for (int i = 0; i < calls; ++i) fn();
             },
             8) /
         calls;
}

/// z = x + factor y (McCalpin's "triad"): two numbers are read, one is written, two operations.
inline void triad(const float* x, const float* y, float factor, float* z, int64_t n) {
  for (int64_t i = 0; i < n; ++i) z[i] = x[i] + factor * y[i];
}
inline Work triad_work(int64_t n) { return work_of({{"triad", 2, 1, 2}}, n); }

/// Bytes a second of a triad whose three arrays take so many bytes together.
inline double bytes_a_second(int64_t bytes) {
  const int64_t n = bytes / (3 * f32_bytes);
  const std::vector<float> x(static_cast<size_t>(n), 1), y(static_cast<size_t>(n), 2);
  std::vector<float> z(static_cast<size_t>(n));
  const double seconds = seconds_of_one([&] { triad(x.data(), y.data(), 0.5F, z.data(), n); });
  return static_cast<double>(triad_work(n).bytes) / seconds;
}

/// Arrays that fit into the cache next to the processor, into a farther one, and into none.
constexpr std::array<int64_t, 4> stream_bytes = {24 << 10, 384 << 10, 6 << 20,
                                                 short_run ? 6 << 20 : 192 << 20};

/// One thread's peak, and its bytes a second for each of stream_bytes.
struct OneThread {
  double flops = 0;
  std::array<double, 4> bytes{};
  Machine near() const { return {flops, *std::max_element(bytes.begin(), bytes.end())}; }
  Machine far() const { return {flops, bytes.back()}; }
};
inline OneThread measure_one_thread() {
  const Threads one(1);
  OneThread measured;
  for (int i = 0; i < 3; ++i)  // another process may have had the processor
    measured.flops = std::max(measured.flops, kernels::measure_peak(0.02).flops_a_second);
  for (size_t i = 0; i < stream_bytes.size(); ++i) measured.bytes[i] = bytes_a_second(stream_bytes[i]);
  return measured;
}

}  // namespace gradus::tutorials::speed

/// @file
/// Chapter 21: what an operation has to do, counted before anything is run: floating-point operations, and
/// bytes that go to memory and come from it. And the roof over both.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "autograd/kernels/measure/profile.hpp"

namespace gradus::tutorials::speed {

constexpr int64_t f32_bytes = 4;

struct Work {
  int64_t flops = 0;  ///< additions, multiplications, divisions, and functions such as exp: each is one
  int64_t bytes = 0;  ///< read and written, each array once
  double intensity() const { return static_cast<double>(flops) / static_cast<double>(bytes); }
};

inline Work operator+(Work a, Work b) { return {a.flops + b.flops, a.bytes + b.bytes}; }
inline Work operator*(int64_t times, Work w) { return {times * w.flops, times * w.bytes}; }

/// [m, k] times [k, n]: a multiplication and an addition for each of m n k; both sides are read and the
/// result is written.
inline Work product_work(int64_t m, int64_t n, int64_t k) {
  return {2 * m * n * k, f32_bytes * (m * k + k * n + m * n)};
}

/// One walk over memory: for each number of the result so many numbers are read and written, and so much is
/// computed.
struct Pass {
  std::string what;
  int64_t reads = 0, writes = 0, flops = 0;
};
inline Work work_of(const std::vector<Pass>& passes, int64_t numbers) {
  Work all;
  for (const Pass& pass : passes)
    all = all + Work{pass.flops * numbers, f32_bytes * (pass.reads + pass.writes) * numbers};
  return all;
}

/// What a machine can do in a second: operations in registers, and bytes between them and a memory.
struct Machine {
  double flops = 0, bytes = 0;
  double ridge() const { return flops / bytes; }  ///< the intensity from which on operations decide
};

/// The roofline: operations a second that nothing of this intensity can exceed.
inline double roof(const Machine& machine, double intensity) {
  return std::min(machine.flops, machine.bytes * intensity);
}

/// The least seconds that some work can take.
inline double least_seconds(const Machine& machine, Work work) {
  return std::max(static_cast<double>(work.flops) / machine.flops,
                  static_cast<double>(work.bytes) / machine.bytes);
}

/// The sizes of a step of pretraining.
struct StepSizes {
  int64_t batch = 0, length = 0, hidden = 0, layers = 0, vocabulary = 0, masked = 0;
  int64_t intermediate() const { return 4 * hidden; }
};

/// Operations of the forward's matrix products, by part: for each place of the batch the layers have four
/// products of hidden x hidden and two of hidden x 4 hidden; each place meets every place of its row twice,
/// in q k^T and in weights times v; and each masked place meets the vocabulary.
struct ForwardFlops {
  int64_t projections = 0, feed_forward = 0, attention = 0, head = 0;
  int64_t sum() const { return projections + feed_forward + attention + head; }
};
inline ForwardFlops forward_flops(const StepSizes& s) {
  const int64_t places = s.batch * s.length;
  return {.projections = s.layers * 4 * 2 * places * s.hidden * s.hidden,
          .feed_forward = s.layers * 2 * 2 * places * s.hidden * s.intermediate(),
          .attention = s.layers * 2 * 2 * places * s.length * s.hidden,
          .head = 2 * s.masked * s.hidden * (s.vocabulary + s.hidden)};
}

/// Backward has two products for each of forward's: one for the gradient of either side.
inline int64_t step_flops(const StepSizes& s) { return 3 * forward_flops(s).sum(); }

/// Operations of products that were made, as the library's profile lists them.
inline int64_t flops_of(const std::vector<profile::Product>& products) {
  int64_t all = 0;
  for (const profile::Product& p : products) all += 2 * p.m * p.n * p.k * p.batch * p.calls;
  return all;
}

}  // namespace gradus::tutorials::speed

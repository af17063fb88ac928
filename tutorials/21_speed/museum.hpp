/// @file
/// Chapter 21's bugs: operations counted wrongly, a clock that is read too early, and a loop that nobody
/// needs. (A loss without its shift is in losing.hpp, a sum cut by threads in sharing.hpp.)
#pragma once

#include <memory>

#include "counting.hpp"
#include "timing.hpp"

namespace gradus::tutorials::speed {

/// How the operations of a step are counted: as they are, or by one of three mistakes.
enum class Count { right, multiply_adds, forward_only, decoder_for_all };
inline int64_t counted(const StepSizes& s, Count how) {
  switch (how) {
    case Count::multiply_adds:
      return step_flops(s) / 2;
    case Count::forward_only:
      return forward_flops(s).sum();
    case Count::decoder_for_all: {
      StepSizes all = s;
      all.masked = s.batch * s.length;
      return step_flops(all);
    }
    default:
      return step_flops(s);
  }
}

/// Seconds of the first call, and of the second, of a triad that writes into memory which nobody has touched.
struct FirstAndSecond {
  double first = 0, second = 0;
};
inline FirstAndSecond triad_into_new_memory(int64_t n) {
  const std::vector<float> x(static_cast<size_t>(n), 1), y(static_cast<size_t>(n), 2);
  const auto z = std::make_unique_for_overwrite<float[]>(static_cast<size_t>(n));
  const auto once = [&] { return seconds_of_once([&] { triad(x.data(), y.data(), 0.5F, z.get(), n); }); };
  const double first = once(), second = once();
  return {first, second};
}

/// The sum of squares, 2 n operations, and whether anybody is told.
enum class Result { used, unused };
inline double seconds_of_squares(const std::vector<float>& x, Result result) {
  volatile float told = 0;
  const auto squares = [&] {
    float sum = 0;
    for (const float v : x) sum += v * v;
    return sum;
  };
  const double seconds = result == Result::used ? seconds_of([&] { told = squares(); }, 5)
                                                : seconds_of([&] { (void)squares(); }, 5);
  return std::max(seconds, 1e-9);
}

}  // namespace gradus::tutorials::speed

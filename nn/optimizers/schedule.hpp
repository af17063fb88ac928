/// @file
/// Learning-rate schedules: a warm-up, then constant, linear or cosine.
#pragma once

#include <cstdint>
#include <string_view>

namespace gradus::nn {

/// The rate for the step that follows `step` finished ones: schedule(0) is the rate of the first.
///
/// From 0 up to `peak` in a straight line over `warmup` steps; then, with progress p from 0 to 1 between the
/// end of the warm-up and `total`: peak (constant), peak (1 - p) (linear), peak (1 + cos(pi p)) / 2 (cosine,
/// Loshchilov and Hutter 2017, eq. 5 without restarts); after `total` as at its end. There is no jump at the
/// end of the warm-up. The same numbers as Hugging Face's get_*_schedule_with_warmup: the first rate of a
/// warm-up is 0.
struct Schedule {
  enum class Kind { constant, linear, cosine };

  Kind kind = Kind::linear;
  double peak = 1e-3;
  int64_t warmup = 0;
  int64_t total = 0;  ///< steps in all; not read by the constant schedule

  /// @throws ValueError for a negative step or warmup, and for a total that is not above warmup.
  double operator()(int64_t step) const;
};

/// "constant", "linear" or "cosine". @throws ValueError for any other name.
Schedule::Kind schedule_by_name(std::string_view name);

}  // namespace gradus::nn

/// @file
/// How long work takes.
#pragma once

#include <functional>
#include <vector>

namespace gradus::app {

double seconds_of(const std::function<void()>& work);

/// The middle of `values`; of an even number of them the upper of the two. There must be one.
double median(std::vector<double> values);

/// Seconds of one call of `work`, which may be short: calls are timed in runs of at least a millisecond, for
/// about `seconds`, and the median of these runs counts. The first call only warms up.
double seconds_a_call(const std::function<void()>& work, double seconds = 0.2);

}  // namespace gradus::app

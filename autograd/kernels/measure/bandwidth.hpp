/// @file
/// How fast numbers come from memory: the measure of every operation that computes little.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// What the current number of threads together read and write.
struct Bandwidth {
  double bytes_a_second = 0;
  int64_t bytes = 0;  ///< of the three arrays: several times what the caches hold
};

/// The triad of the STREAM benchmark (McCalpin 1995), c[i] = a[i] + s b[i], over arrays of f32 that no cache
/// holds: 12 bytes an element, as STREAM counts, though a processor may read c before it writes it. The
/// arrays are gone through for about `seconds`, at least three times, on all current threads at once. The
/// fastest time counts, so that another process on the machine lowers the result as little as may be.
/// @throws std::bad_alloc where memory has no room for the arrays, some hundred megabytes.
Bandwidth measure_bandwidth(double seconds = 0.2);

}  // namespace gradus::kernels

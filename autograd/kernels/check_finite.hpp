/// @file
/// The search for the first NaN or Inf, for anomaly mode.
#pragma once

#include <cstdint>

namespace gradus::kernels {

/// The smallest i in [0, n) with x[i] NaN or +-Inf; -1 if all are finite. T is float or double.
template <class T>
int64_t first_not_finite(const T* x, int64_t n);

}  // namespace gradus::kernels

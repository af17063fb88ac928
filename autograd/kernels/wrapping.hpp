/// @file
/// Sums and products that are defined for every pair of numbers: i64 wraps around at its ends, as in NumPy
/// and PyTorch. C++ leaves that undefined for signed numbers, so it is done in unsigned ones.
#pragma once

#include <cstdint>
#include <type_traits>

namespace gradus::kernels {

/// Operation{}(a, b) for std::plus<>, std::minus<> or std::multiplies<>.
template <class Operation, class T>
[[gnu::always_inline]] inline T wrapping(T a, T b) {
  if constexpr (std::is_same_v<T, int64_t>) {
    return static_cast<int64_t>(Operation{}(static_cast<uint64_t>(a), static_cast<uint64_t>(b)));
  } else {
    return Operation{}(a, b);
  }
}

}  // namespace gradus::kernels

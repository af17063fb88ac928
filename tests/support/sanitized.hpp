/// @file
/// How much of a long count runs under the sanitizers, which make everything five to ten times slower. They watch
/// memory and arithmetic, and a part of the seeds runs the same code; what is counted over all of them is held in
/// the release build.
#pragma once

#include <cstdint>

namespace gradus::test {

#ifdef __SANITIZE_ADDRESS__
inline constexpr bool is_sanitized = true;
#else
inline constexpr bool is_sanitized = false;
#endif

/// `all`, or a tenth of them under the sanitizers.
constexpr uint64_t seeds(uint64_t all) { return is_sanitized ? all / 10 : all; }

}  // namespace gradus::test

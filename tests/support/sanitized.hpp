/// @file
/// How much of a long count runs under the sanitizers, which make everything five to ten times slower. They
/// watch memory and arithmetic, and a part of the seeds or elements runs the same code; what is counted over
/// all of them is held in the release build.
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

/// GradcheckOptions::sample: this many elements of each tensor (0: all), or one under the sanitizers.
constexpr int64_t elements(int64_t wanted) { return is_sanitized ? 1 : wanted; }

/// Whether number `index` of a long list of subjects is looked at: under the sanitizers every fourth.
constexpr bool is_taken(int64_t index) { return !is_sanitized || index % 4 == 0; }

}  // namespace gradus::test

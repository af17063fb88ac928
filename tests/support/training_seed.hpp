/// @file
/// The seeds of tests that train. What such a test asserts must hold with any of them: scripts/every_kernel
/// runs it with two.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace gradus::test {

/// `usual`, moved on by the environment variable GRADUS_TEST_SEED where it is set.
inline uint64_t training_seed(uint64_t usual) {
  const char* moved = std::getenv("GRADUS_TEST_SEED");
  return usual + (moved == nullptr ? 0 : std::strtoull(moved, nullptr, 10));
}

}  // namespace gradus::test

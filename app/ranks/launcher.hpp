/// @file
/// What mpirun or srun tells the processes that it starts, before they know each other.
#pragma once

#include <cstdint>
#include <optional>

namespace gradus::app {

struct Launched {
  int64_t rank;
  int64_t size;  ///< 0: not known
};

/// Nothing for a program that was started by itself, or as the only rank.
std::optional<Launched> launched();

}  // namespace gradus::app

/// @file
/// How many threads a rank takes where several share a machine.
#pragma once

#include "parallel/world.hpp"

namespace gradus::app {

/// The cores that this process may run on, shared with the ranks that may run on the same ones: a launcher
/// may have given each its own, or none of them any.
int threads_of_rank(parallel::World& world);

}  // namespace gradus::app

/// @file
/// Ranks that are threads of one program: what "Many workers" and the tests use, and a way to try a program
/// for many processes without them.
#pragma once

#include <functional>

#include "parallel/world.hpp"

namespace gradus::parallel {

/// Calls `work` in `ranks` threads, each with its World, and waits for all of them. What the lowest rank
/// that failed by itself has thrown is thrown again here, when all have ended.
///
///     run_ranks(4, [](World& world) {
///       double mine = 1.0 / (1 + world.rank());
///       world.add_up(std::span(&mine, 1));  // now 1 + 1/2 + 1/3 + 1/4 on each
///     });
void run_ranks(int64_t ranks, const std::function<void(World&)>& work, const WorldOptions& options = {});

}  // namespace gradus::parallel

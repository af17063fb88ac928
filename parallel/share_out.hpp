/// @file
/// share_out: pieces of work whose results all ranks need, in the same order.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "parallel/world.hpp"

namespace gradus::parallel {

/// Calls compute(p) for pieces 0 to pieces - 1, each on one rank, in turn; then use(p, numbers) for all of
/// them in order, on every rank. So what `use` makes of them has the same bits on any number of ranks. A rank
/// that is alone uses each as it comes. `before_each` is called by all ranks alike, before a piece.
void share_out(World& world, int64_t pieces, const std::function<std::vector<double>(int64_t)>& compute,
               const std::function<void(int64_t, std::span<const double>)>& use,
               const std::function<void()>& before_each = {});

}  // namespace gradus::parallel

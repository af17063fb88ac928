/// @file
/// collect: rank 0 gets a stretch of an array whose parts lie on several ranks.
#pragma once

#include <vector>

#include "autograd/tensor.hpp"
#include "parallel/range.hpp"
#include "parallel/world.hpp"

namespace gradus::parallel {

/// Rank r has the elements `owned[r]` of an array, rising ranges, and `mine` holds those of this rank one
/// after the other. Rank 0 gets the elements `wanted` as a new tensor [wanted.size()], and the others an
/// undefined one; all must call it together. Nothing else is moved, so an array that would not fit into
/// memory as a whole may be taken piece by piece.
Tensor collect(World& world, const std::vector<std::vector<Range>>& owned, const Tensor& mine,
               const Range& wanted);

}  // namespace gradus::parallel

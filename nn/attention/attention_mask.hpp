/// @file
/// Which keys a query may look at.
#pragma once

#include <string_view>
#include <vector>

#include "autograd/ops.hpp"

namespace gradus::nn {

/// What every attention layer takes beside its inputs.
///
/// A key that a query may not see has probability exactly 0; a query that may see none gives zeros. But 0
/// times Inf is NaN, so what is hidden must still be finite numbers: padding may hold anything but Inf and
/// NaN, as in PyTorch.
struct AttentionMask {
  /// bool, true where a key may be seen: [B, T] (padding), [B, S, T], or [B, A, S, T] for many heads. An axis
  /// of size 1 holds for all: [1, S, T] is one pattern for the whole batch. Undefined: all.
  Tensor allowed = {};
  bool causal = false;  ///< query i sees the keys 0 ... i + T - S only
};

/// The mask of a padded batch: bool [B, T], true at the first lengths[b] of T places.
/// @throws IndexError that names a length outside [0, T].
///
///     attention(x, {.allowed = padding_mask({5, 3}, 5)});               // the second row has two of padding
Tensor padding_mask(const std::vector<int64_t>& lengths, int64_t size);

/// `mask.allowed` in a shape that broadcasts to scores [B, S, T] (rank 3) or [B, A, S, T] (rank 4).
/// @throws ShapeError that names `layer` and the shape if it is none of the above, DTypeError if it is not
/// bool.
Tensor over_scores(const AttentionMask& mask, int rank, std::string_view layer);

}  // namespace gradus::nn

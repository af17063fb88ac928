/// @file
/// The exercises of chapter 6.
#pragma once

#include "many_heads.hpp"

namespace gradus::tutorials {

/// Exercise 1. How many parameters does multi-head attention have, with H numbers a word and A heads? It has
/// four projections, each with a bias.
int64_t parameters_of(int64_t H, int64_t A);

/// Exercise 2. The same attention with its heads in another order: head a of the result is head `order[a]` of
/// `all`. The output must stay what it was, for any input. `tensor(numbers)` makes an i64 tensor of a vector
/// of int64_t, and `index_select(w, axis, numbers)` takes the rows (axis 0) or the columns (axis 1) with
/// these numbers; `w.slice(...)` and `concat(parts, axis)` do it as well.
ManyHeads reordered(const ManyHeads& all, const std::vector<int64_t>& order);

/// Exercise 3. The mask of a batch whose sentence b has `lengths[b]` words and is filled up to S words: bool
/// [B, S], true where a key may be seen. `arange(S)` is 0 ... S - 1, `less(a, b)` compares two i64 tensors
/// number by number, and their shapes broadcast; `t.unsqueeze(axis)` adds an axis of size 1.
Tensor padding_mask_of(const std::vector<int64_t>& lengths, int64_t S);

}  // namespace gradus::tutorials

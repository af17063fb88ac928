/// @file
/// The exercises of chapter 5.
#pragma once

#include "one_head.hpp"

namespace gradus::tutorials {

/// Exercise 1. The weights [S] of word `i` of the sentence x [S, H], and nothing of the other words' rows.
/// `x.select(0, i)` is row i.
Tensor weights_of_word(const Tensor& x, const Head& head, int64_t i);

/// Exercise 2. The words of a sentence are put into another order: word `order[i]` now stands at place i.
/// `weights` [S, S] and `output` [S, D] are those of the sentence before. What are they now? Answer without
/// the head: only its former results are given. `index_select(x, axis, order)` takes the rows (axis 0) or the
/// columns (axis 1) of x whose numbers stand in `order`, an i64 tensor [S].
struct Permuted {
  Tensor weights, output;
};
Permuted after_permuting(const Tensor& weights, const Tensor& output, const Tensor& order);

/// Exercise 3. A head with the same W_q and W_v in which every word looks at all words alike: each weight is
/// 1 / S, whatever the sentence. `zeros(shape, dtype)`, `ones(shape, dtype)` and `eye(n, dtype)` make
/// matrices; head.key.shape() and head.key.dtype() are those of W_k.
Head even_head(const Head& head);

}  // namespace gradus::tutorials

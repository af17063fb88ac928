/// @file
/// The exercises of chapter 7. You write exercise.cpp; `./learn 7 check` says how it goes.
#pragma once

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

/// Exercise 1. The matrix R [H, H] in f64 with PE(p + k) = R PE(p) for every p, where PE(p) is row p of
/// sinusoid_table(..., hidden) as a column. It depends on k only. `k` may be negative.
/// wave_speeds(hidden) (positions.hpp) has the speeds, `t.at({i})` is one number of a tensor, and
/// `tensor(numbers, Shape{H, H})` makes a matrix of a vector of double, row by row.
Tensor shift_matrix(int64_t k, int64_t hidden);

/// Exercise 2. The best accuracy that a model blind to order can have on these sentences. Such a model gives
/// one answer for all sentences that hold the same words the same number of times. ids is i64 [B, S], labels
/// i64 [B] with the values 0 and 1. `ids.select(0, i).to_vector<int64_t>()` is sentence i as a vector.
double best_without_order(const Tensor& ids, const Tensor& labels);

/// Exercise 3. The segment ids of pairs `[CLS] a [SEP] b [SEP] [PAD] ...`, where [CLS] begins an input, [SEP]
/// ends a sentence and [PAD] fills a row up to the length of its batch: 0 up to the first [SEP] and with
/// it, then 1 up to the second and with it, then 0 for the padding. ids i64 [B, S] -> i64 [B, S]. `sep` is
/// the id of [SEP]. A row with one [SEP] is a single sentence: all 0.
Tensor segment_ids(const Tensor& ids, int64_t sep);

}  // namespace gradus::tutorials

/// @file
/// Chapter 10's checks that catch its bugs: the mask that sees one place too far, and the mean of means.
#pragma once

#include <functional>

#include "decoder_and_transformer.hpp"
#include "training.hpp"

namespace gradus::tutorials::translation {

/// For fn: x [1, S, H] -> [1, S, H], the largest |d y_i / d x_j| over the H times H numbers of places i and
/// j: [S, S]. Row i is the word that looks.
inline Tensor largest_derivatives(const std::function<Tensor(const Tensor&)>& fn, const Tensor& at) {
  Tensor x = at.detach().clone().requires_grad();
  const int64_t S = x.size(1), H = x.size(2);
  const Tensor y = fn(x);
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < S; ++i) {
    std::vector<Tensor> each;
    for (int64_t h = 0; h < H; ++h) {
      x.clear_grad();
      y.select(0, 0).select(0, i).select(0, h).backward(true);
      each.push_back(max(abs(x.grad().select(0, 0)), Axes{1}));  // [S, H] -> [S]
    }
    rows.push_back(max(stack(each, 0), Axes{0}));
  }
  return stack(rows, 0);
}

/// The largest number above the diagonal: 0 if nothing depends on what comes after it.
inline double from_the_future(const Tensor& derivatives) {
  return max(masked_fill(derivatives, causal_mask(derivatives.size(0)), 0)).item();
}

/// The same characters in one row after the other, as if they were one long text: [B, S, V] -> [1, B S, V]. A
/// mean over characters does not care; a mean of means does.
inline double gap_when_cut_otherwise(const Tensor& logits, const Tensor& wanted, Averaging how) {
  const int64_t all = wanted.numel();
  const double before = loss_of(logits, wanted, how).item();
  const double after =
      loss_of(logits.reshape({1, all, logits.size(2)}), wanted.reshape({1, all}), how).item();
  return std::abs(before - after);
}

}  // namespace gradus::tutorials::translation

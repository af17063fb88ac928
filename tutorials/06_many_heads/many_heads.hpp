/// @file
/// Chapter 6: many heads of attention, in a loop and in one batched product, built from primitives.
#pragma once

#include <cmath>
#include <vector>

#include "tutorials/05_one_head/one_head.hpp"

namespace gradus::tutorials {

/// A heads of D = H / A numbers. Each matrix is [H, H]; head a owns the rows a D ... a D + D - 1 of W_q, W_k
/// and W_v, and the same columns of W_o.
struct ManyHeads {
  int64_t heads;
  Tensor query, key, value, output;
};

struct ManySteps {
  Tensor weights;  // [B, A, S, S]
  Tensor output;   // [B, S, H]
};

/// Head `a` as a head of chapter 5: views of its rows.
inline Head one_of(const ManyHeads& all, int64_t a) {
  const int64_t D = all.query.size(0) / all.heads;
  const auto rows = [&](const Tensor& w) { return w.slice(0, a * D, a * D + D); };  // [H, H] -> [D, H]
  return {rows(all.query), rows(all.key), rows(all.value)};
}

/// One head after the other; then their results side by side, times W_o. x is [B, S, H].
inline ManySteps loop_over_heads(const Tensor& x, const ManyHeads& all) {
  std::vector<Tensor> outputs, weights;
  for (int64_t a = 0; a < all.heads; ++a) {
    const HeadSteps steps = attend(x, one_of(all, a));
    outputs.push_back(steps.output);   // [B, S, D]
    weights.push_back(steps.weights);  // [B, S, S]
  }
  const Tensor together = concat(outputs, 2);  // A times [B, S, D] -> [B, S, H]
  return {stack(weights, 1), matmul(together, all.output.transpose(0, 1))};
}

/// [B, S, H] -> [B, A, S, D]: the H numbers of a word seen as A groups of D. No number moves.
inline Tensor heads_of(const Tensor& x, int64_t A) {
  const int64_t B = x.size(0), S = x.size(1), D = x.size(2) / A;
  return x.reshape({B, S, A, D}).transpose(1, 2);
}

/// [B, A, S, D] -> [B, S, H]: the way back.
inline Tensor side_by_side(const Tensor& x) {
  const int64_t B = x.size(0), A = x.size(1), S = x.size(2), D = x.size(3);
  return x.transpose(1, 2).reshape({B, S, A * D});
}

/// All heads at once: the axis of the heads is one more axis of a batched product.
inline ManySteps all_at_once(const Tensor& x, const ManyHeads& all) {
  const double D = static_cast<double>(all.query.size(0) / all.heads);
  const Tensor q = heads_of(matmul(x, all.query.transpose(0, 1)), all.heads);  // [B, A, S, D]
  const Tensor k = heads_of(matmul(x, all.key.transpose(0, 1)), all.heads);
  const Tensor v = heads_of(matmul(x, all.value.transpose(0, 1)), all.heads);
  const Tensor weights = softmax(matmul(q, k.transpose(-2, -1)) / std::sqrt(D));  // [B, A, S, S]
  const Tensor together = side_by_side(matmul(weights, v));                       // [B, S, H]
  return {weights, matmul(together, all.output.transpose(0, 1))};
}

/// Random weights that keep the size of numbers: variance 1 / H.
inline ManyHeads random_heads(int64_t H, int64_t A, uint64_t seed, DType dtype = DType::f64) {
  Rng rng(seed);
  const auto draw = [&] { return randn({H, H}, rng, dtype) / std::sqrt(static_cast<double>(H)); };
  const Tensor query = draw(), key = draw(), value = draw(), output = draw();
  return {A, query, key, value, output};
}

}  // namespace gradus::tutorials

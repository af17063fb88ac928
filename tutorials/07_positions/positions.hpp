/// @file
/// Chapter 7, first half: positions and segments, from primitives.
#pragma once

#include <cmath>

#include "autograd/ops.hpp"

namespace gradus::tutorials {

/// One head without projections, softmax(x x^T / sqrt(H)) x: each row asks, is asked, and is the answer.
/// x [..., S, H] -> [..., S, H]. Chapter 5 has the whole head; this is the least that mixes words.
inline Tensor mix_words(const Tensor& x) {
  const double root = std::sqrt(static_cast<double>(x.size(-1)));
  const Tensor weights = softmax(matmul(x, x.transpose(-1, -2)) / root);  // [..., S, S]
  return matmul(weights, x);                                              // [..., S, H]
}

/// The speed of the wave in each pair of columns: w_i = 10000^(-2i/H) for i = 0 ... H/2 - 1, as [H/2] in f64.
inline Tensor wave_speeds(int64_t hidden) {
  const Tensor i = arange(hidden / 2, DType::f64);
  return exp(i * (-2 * std::log(10000.0) / static_cast<double>(hidden)));
}

/// PE(p, 2i) = sin(p w_i) and PE(p, 2i+1) = cos(p w_i) (Vaswani et al. 2017, section 3.5): [P, H] in f64.
/// `hidden` must be even.
inline Tensor sinusoid_table(int64_t positions, int64_t hidden) {
  const Tensor p = arange(positions, DType::f64).unsqueeze(1);             // [P, 1]
  const Tensor angle = p * wave_speeds(hidden);                            // [P, H/2]
  return stack({sin(angle), cos(angle)}, 2).reshape({positions, hidden});  // [P, H]
}

/// The mean over pairs of columns of PE(p) . PE(q): 1 where p = q. table [P, H] -> [P, P].
inline Tensor position_similarity(const Tensor& table) {
  return matmul(table, table.transpose(0, 1)) / (static_cast<double>(table.size(1)) / 2);
}

/// The cosine of each pair of rows: for a learned table, whose rows have any length. [P, H] -> [P, P].
inline Tensor row_cosines(const Tensor& table) {
  const Tensor unit = table * rsqrt(sum(table * table, Axes{1}, true));
  return matmul(unit, unit.transpose(0, 1));
}

/// What enters BERT: LN(word[ids] + segment[segments] + position[0 ... S - 1]), with its scale and offset.
/// ids and segments are i64 [B, S]; word [V, H], segment [T, H], position [P, H], scale and offset [H].
struct BertInput {
  Tensor word, segment, position, scale, offset;

  /// The sum of the three rows alone: [B, S, H].
  Tensor sum_of_three(const Tensor& ids, const Tensor& segments) const {
    const Tensor here = position.slice(0, 0, ids.size(1));              // [S, H]
    return embedding(word, ids) + embedding(segment, segments) + here;  // [B, S, H]
  }

  Tensor operator()(const Tensor& ids, const Tensor& segments, double eps) const {
    return layer_norm(sum_of_three(ids, segments), scale, offset, eps);
  }
};

}  // namespace gradus::tutorials

/// @file
/// Chapter 4: four ways to ask how alike a query and a key are, built from primitives, and what their size
/// does to a softmax.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/autograd.hpp"

namespace gradus::tutorials {

// ---- The four scores: queries q [S, D] and keys k [T, D] -> [S, T] ----

/// q . k
inline Tensor dot_score(const Tensor& q, const Tensor& k) {
  return matmul(q, k.transpose(0, 1));  // [S, D] [D, T] -> [S, T]
}

/// q . k / sqrt(D)
inline Tensor scaled_dot_score(const Tensor& q, const Tensor& k) {
  return dot_score(q, k) / std::sqrt(static_cast<double>(q.size(1)));
}

/// q^T W k: w is [Dq, Dk], so queries and keys may differ in size.
inline Tensor general_score(const Tensor& q, const Tensor& k, const Tensor& w) {
  return dot_score(matmul(q, w), k);  // [S, Dq] [Dq, Dk] -> [S, Dk]
}

/// v^T tanh(W_q q + W_k k): w_q is [E, Dq], w_k is [E, Dk], v is [E].
inline Tensor additive_score(const Tensor& q, const Tensor& k, const Tensor& w_q, const Tensor& w_k,
                             const Tensor& v) {
  const Tensor from_q = matmul(q, w_q.transpose(0, 1)).unsqueeze(1);  // [S, 1, E]
  const Tensor from_k = matmul(k, w_k.transpose(0, 1)).unsqueeze(0);  // [1, T, E]
  return matmul(tanh(from_q + from_k), v);                            // [S, T, E] [E] -> [S, T]
}

/// The same additive score for one pair, with loops.
inline double additive_by_hand(const std::vector<double>& q, const std::vector<double>& k,
                               const std::vector<std::vector<double>>& w_q,
                               const std::vector<std::vector<double>>& w_k, const std::vector<double>& v) {
  double score = 0;
  for (size_t e = 0; e < v.size(); ++e) {
    double inside = 0;
    for (size_t d = 0; d < q.size(); ++d) inside += w_q[e][d] * q[d];
    for (size_t d = 0; d < k.size(); ++d) inside += w_k[e][d] * k[d];
    score += v[e] * std::tanh(inside);
  }
  return score;
}

// ---- What the size of the scores does ----

/// -sum(p log p) of each row of `weights`, averaged over the rows, in units of ln T: 1 when all keys get the
/// same, 0 when one key gets everything.
inline double relative_entropy(const Tensor& weights) {
  const Tensor p = weights.to(DType::f64);
  const Tensor row = -sum(p * log(maximum(p, full({}, 1e-300, DType::f64))), Axes{1});
  return mean(row).item() / std::log(static_cast<double>(p.size(1)));
}

/// The size of the gradient that comes back through softmax to the scores, averaged over the rows: the norm
/// of d(w_j)/d(scores) for the key j with the largest weight, w_j sqrt((1 - w_j)^2 + sum of the other w^2).
inline double gradient_size(const Tensor& scores) {
  Tensor s = scores.detach().clone().requires_grad();
  sum(max(softmax(s), Axes{1})).backward();
  return mean(sqrt(sum(s.grad() * s.grad(), Axes{1}))).item();
}

/// The same one step further back: the norm of d(w_j)/d(q) for each of the queries [S, D]: [S].
inline Tensor query_gradients(const Tensor& queries, const Tensor& k, bool scaled) {
  Tensor q = queries.detach().clone().requires_grad();
  sum(max(softmax(scaled ? scaled_dot_score(q, k) : dot_score(q, k)), Axes{1})).backward();
  return sqrt(sum(q.grad() * q.grad(), Axes{1}));
}

/// The number in the middle of x [N] when it is sorted; the upper one of two.
inline double median(const Tensor& x) {
  std::vector<double> sorted = x.to_vector<double>();
  std::sort(sorted.begin(), sorted.end());
  return sorted[sorted.size() / 2];
}

// ---- The bug museum ----

/// The scores [S, T] as weights: each query shares 1 out among the keys. With the bug, `over_queries`, each
/// key shares 1 out among the queries.
inline Tensor attention_weights(const Tensor& scores, bool over_queries = false) {
  return softmax(scores, over_queries ? 0 : 1);
}

/// How much the weights of the first query change when the other queries become `other` [S, D]: 0, since no
/// query has to do with another one.
inline double change_by_others(const Tensor& q, const Tensor& other, const Tensor& k, bool over_queries) {
  const auto first = [&](const Tensor& rest) {
    const Tensor queries = concat({q.slice(0, 0, 1), rest.slice(0, 1, rest.size(0))}, 0);
    return attention_weights(scaled_dot_score(queries, k), over_queries).select(0, 0);
  };
  return max(abs(first(q) - first(other))).item();
}

// ---- Two tasks: which key belongs to which query? Which key has the largest first number? ----

/// Queries [S, D], and for each its partner key M q: the same vector seen through a fixed matrix M.
struct Pairs {
  Tensor q, k;  // [S, D]: k[i] = M q[i]
};

inline Pairs random_pairs(const Tensor& m, int64_t S, Rng& rng) {
  const Tensor q = randn({S, m.size(1)}, rng, m.dtype());
  return {q, matmul(q, m.transpose(0, 1))};
}

/// The share of queries whose largest score is at the wanted place: scores [S, T], places i64 [S].
inline double found_keys(const Tensor& scores, const Tensor& places) {
  return mean(equal(argmax(scores, 1), places).to(DType::f64)).item();
}

}  // namespace gradus::tutorials

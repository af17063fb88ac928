/// @file
/// The exercises of chapter 4.
#pragma once

#include "attention_scores.hpp"
#include "nn/attention/attention_score.hpp"

namespace gradus::tutorials {

/// Exercise 1. All numbers of a query have mean 0 and variance `q_variance`, those of a key mean 0 and
/// variance `k_variance`; all are independent. By what must the sum of D products be divided so that a score
/// has variance 1?
double divisor_for(int64_t D, double q_variance, double k_variance);

/// Exercise 2. The W [D, D] of the general score that gives the dot of the projections W_q q and W_k k; w_q
/// and w_k are [E, D].
Tensor weight_of_projections(const Tensor& w_q, const Tensor& w_k);

/// Exercise 3. The number of parameters of each score, for queries of `Dq` and keys of `Dk` numbers, and `E`
/// numbers inside an additive one. The kinds are nn::ScoreKind::dot, scaled_dot, general and additive.
int64_t parameters_of(nn::ScoreKind kind, int64_t Dq, int64_t Dk, int64_t E);

}  // namespace gradus::tutorials

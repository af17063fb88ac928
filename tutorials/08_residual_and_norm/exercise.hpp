/// @file
/// The exercises of chapter 8. You write exercise.cpp; `./learn 8 check` says how it goes.
#pragma once

#include <functional>

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

/// Exercise 1. The two directions in which a row x [n] can move without moving LayerNorm(x) (weight 1, bias
/// 0, eps 0): a tensor [2, n] in f64 whose rows have length 1 and are at right angles. The first is the
/// direction that moves every element by the same. x is not constant. `ones(shape, DType::f64)`, `mean(x)`,
/// `sum(x)`, `rsqrt(x)` (1 over the root) and `stack({a, b}, 0)`, which puts rows below each other, may
/// help.
///
/// It follows that the gradient dx of anything after LayerNorm is at right angles to both. For the first
/// that means: the sum of dx is 0.
Tensor unseen_directions(const Tensor& x);

/// A LayerNorm with weight 1 and bias 0: x [n] in f64 -> [n].
using NormFunction = std::function<Tensor(const Tensor& x)>;

/// Exercise 2. Is this layer the wrong one? True if it divides by std + eps, false if it divides by
/// sqrt(var + eps). You know eps, and may call `norm` with any x,
/// such as `tensor({-1.0, 1.0})`; `y.at({1})` is a number of what it gives.
bool divides_by_std_plus_eps(const NormFunction& norm, double eps);

/// Exercise 3. The deepest net that still trains: a depth d in 1 ... limit with trains(d), where trains(d +
/// 1) is false or d is the limit. trains(1) is true. Each call trains a net, so make few: for a limit of 64
/// at most 13 calls, no depth twice.
int64_t deepest_that_trains(const std::function<bool(int64_t depth)>& trains, int64_t limit);

}  // namespace gradus::tutorials

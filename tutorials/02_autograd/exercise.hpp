/// @file
/// The exercises of chapter 2. You write exercise.cpp; `./learn 2 check` says how it goes.
#pragma once

#include <vector>

#include "tutorials/02_autograd/autograd.hpp"

namespace gradus::tutorials {

/// The derivatives of c with respect to the three steps of b = a + a, c = b * b.
struct DiamondGradients {
  double dc_dc = 0, dc_db = 0, dc_da = 0;
};

/// Exercise 1. The gradients for any a, with pencil and paper: formulas in a, without the engine.
DiamondGradients diamond_gradients(double a);

/// Exercise 2. backward_breadth_first (other_walks.hpp) happens to be right for the diamond. Build from a, in
/// two or more steps, a result for which it is wrong.
/// (It is right for `a * a + a` too. Why?)
Scalar breaks_breadth_first(const Scalar& a);

/// Exercise 3. The work of newest_first and backward in a way of your own: fills the gradient of every step
/// that `result` was made of. No function may call itself: the check has a chain of a million steps. A walk
/// begins at result.step(); a Step has its `inputs`, each an Edge with `from` and `slope`, and its
/// `gradient`.
void backward_of_your_own(const Scalar& result);

}  // namespace gradus::tutorials

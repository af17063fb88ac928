/// @file
/// The exercises of chapter 3. You write exercise.cpp; `./learn 3 check` says how it goes.
#pragma once

#include <functional>

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

/// Exercise 1. A central difference with step h is off by about curvature * h^2 + rounding / h. The h > 0 at
/// which this is least, for curvature > 0 and rounding > 0.
double best_step(double curvature, double rounding);

// Exercise 2. Four ops for matrices. Their values are right. Three have a bug planted in their backward: find
// out which, and mend them. (The forward is not to be changed.) A backward is written in Gradus's ops, so
// that it can be differentiated again: the check wants a right gradient of the gradient too.
//
// Beside what chapter 2 shows, they use:
//   x.detach()                the same numbers, not on the tape: a new op makes its value of them
//   wrt(x, [](dy, y) {...})   a derivative may also take the op's own result y
//   s.get()                   what saved(s) keeps; in a product with a Tensor, `saved` needs no get()
//   s.unsqueeze(1)            [M] -> [M, 1], which broadcasts against [M, N]
//   sum(x, Axes{0})           adds along axis 0: [M, N] -> [N]; Axes{1} gives [M]
//   mean(x, Axes{-1}, true)   the mean along the last axis, which stays with size 1: [M, N] -> [M, 1]

Tensor cubed(const Tensor& x);                         ///< y = x^3, element by element
Tensor centred(const Tensor& x);                       ///< each row minus its mean: [M, N] -> [M, N]
Tensor scaled_rows(const Tensor& x, const Tensor& s);  ///< y[i][j] = x[i][j] s[i]: [M, N], [M] -> [M, N]
Tensor logistic(const Tensor& x);                      ///< 1 / (1 + exp(-x)), element by element

/// Exercise 3. Does f have a corner at x, as ReLU has at 0? (f is continuous.) A function may bend sharply
/// near x and yet be smooth at x, and a corner beside x is no corner at x.
bool has_corner(const std::function<double(double)>& f, double x);

}  // namespace gradus::tutorials

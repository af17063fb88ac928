/// @file
/// The exercises of chapter 1. You write exercise.cpp; `./learn 1 check` says how it goes.
#pragma once

#include "autograd/tensor.hpp"

namespace gradus::tutorials {

// Shape, Strides and Axes (autograd/shape.hpp) are short lists of whole numbers: x.rank() says how many, x[i]
// reads one, `Strides empty; empty.push_back(4);` makes one longer, and {4, 1} is a list of two.

/// Exercise 1. The strides of a view whose axis i is the old axis order[i]: for strides [12, 4, 1] and order
/// [2, 0, 1], the result is [1, 12, 4].
Strides permuted_strides(const Strides& strides, const Axes& order);

/// Exercise 2. The strides with which a tensor of `shape` and `strides` is walked as if it had the shape
/// `to`. Shapes are aligned at the back. An axis that repeats (its size is 1 and `to` wants more, or it is
/// not there at all) has stride 0. `shape` broadcasts to `to`; you need not check that.
Strides repeated_strides(const Shape& shape, const Strides& strides, const Shape& to);

/// Exercise 3. Subtracts the first row of x [M, N] from every row of x, in place. The one in exercise.cpp
/// compiles and runs, and is wrong: find out why, and mend it with few strokes. `t.clone()` is a copy with
/// memory of its own; `t.contiguous()` copies only what is not contiguous yet, and otherwise is t itself.
void subtract_first_row(Tensor x);

}  // namespace gradus::tutorials

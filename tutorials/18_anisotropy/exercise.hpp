/// @file
/// The exercises of chapter 18. You write exercise.cpp; `./learn 18 check` says how it goes.
#pragma once

#include "autograd/tensor.hpp"

namespace gradus::tutorials::anisotropy {

/// Exercise 1. Whitens vectors x [N, H]: y = (x - m) U D^(-1/2), [N, K]. All but x was fitted before, to
/// other vectors: m [H] is their mean, the columns of `directions` [H, H] are U, and `variances` [H] is the
/// diagonal of D, the largest first. Of K directions the variance is more than 1e-10 of the largest; the
/// others are left out. `matmul`, `slice`, `rsqrt` or `sqrt`, `at`.
Tensor whiten(const Tensor& x, const Tensor& m, const Tensor& directions, const Tensor& variances);

/// Exercise 2. Somebody added one vector to all of x [N, H], and then to each of them some amount, small or
/// large, up or down, of one direction that is the same for all. Find what is planted, and take it out.
/// `mean`, `sum`, `matmul` with `transpose`, `rsqrt`, `randn`; or what the chapter's headers have.
struct Planted {
  Tensor shared;     ///< [H], the mean of all
  Tensor direction;  ///< [H], of length 1, in which the rest spreads most; it may point either way
  Tensor rest;       ///< [N, H], the vectors without both
  /// The mean cosine of two different vectors, of x and of the rest.
  double cosine_before = 0, cosine_after = 0;
};
Planted find_planted(const Tensor& x);

/// Exercise 3. Whitening is fitted to `texts` vectors of `width` numbers, of which none follows from the
/// others. A pencil is enough.
struct FewTexts {
  int64_t directions = 0;  ///< in which these vectors differ at all: so many have a variance
  /// The cosine of any two of these very vectors after whitening, where `texts` is `width` + 1 or less. It is
  /// the same for all pairs.
  double cosine = 0;
  /// How many times as far a direction of variance `least` is stretched as one of variance `most`.
  double stretched = 0;
};
FewTexts few_texts(int64_t texts, int64_t width, double most, double least);

}  // namespace gradus::tutorials::anisotropy

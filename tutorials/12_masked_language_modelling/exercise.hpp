/// @file
/// The exercises of chapter 12. You write exercise.cpp; `./learn 12 check` says how it goes.
#pragma once

#include <cstdint>
#include <set>
#include <vector>

#include "autograd/random.hpp"
#include "autograd/tensor.hpp"

namespace gradus::tutorials::masked {

/// Exercise 1. What is expected when a share `fraction` of the words is chosen by the 80/10/10 rule, and a
/// random word is any of `drawable` words, each as likely, the right one among them.
struct Expected {
  double as_mask = 0;  ///< the share of all words that become [MASK]
  double changed = 0;  ///< the share of all words in whose place another word is seen
  double right =
      0;  ///< of the chosen words that are seen as an ordinary word: the share that is the right one
};
Expected expected_shares(double fraction, int64_t drawable);

/// Exercise 2. Which places of a row are to be guessed: round(fraction * n) of the n places that do not hold
/// a sign, but at least one if there is any. The places are different, in rising order, and every choice of
/// that many is equally likely. `signs_of` are the ids of all signs, [PAD] among them. `rng.below(n)` is a
/// random whole number from 0 to n - 1, `rng.shuffle(values)` puts a vector into random order, and
/// `std::llround` rounds.
std::vector<int64_t> places_to_guess(const std::vector<int64_t>& row, const std::set<int64_t>& signs_of,
                                     double fraction, Rng& rng);

/// Exercise 3. The gradient of a tied table E [V, H] by hand. As word vectors, rows `ids` [n] of E are
/// x [n, H]; as scores, E gives z [m, V] = h E^T from h [m, H]. You get dx and dz, the gradients of the loss
/// by x and by z. An id may stand there twice. `zeros`, `scatter_add` along axis 0 (with an index of the
/// shape of what is added: `unsqueeze` and `expand`), or a loop over `select`; `transpose` and `matmul`.
Tensor table_gradient(int64_t vocabulary, const Tensor& ids, const Tensor& dx, const Tensor& h,
                      const Tensor& dz);

}  // namespace gradus::tutorials::masked

/// @file
/// The exercises of chapter 17. You write exercise.cpp; `./learn 17 check` says how it goes.
#pragma once

#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::tutorials::looking_inside {

/// What the A heads of a layer did in N sentences: maps [N, A, S, S], in which row q says where token q
/// looks; and three places in each sentence: of the token that looks, of the one that it is to look at, and
/// of the one that it is not to look at.
struct Observed {
  Tensor maps;
  std::vector<int64_t> from, right, wrong;  ///< [N] each
};
struct ChosenHead {
  int64_t head = 0;  ///< from 0
  double score = 0;
};

/// Exercise 1. A head finds a sentence if it looks more at the right place than at the wrong one; equal looks
/// are half a find. Which head finds the largest share of the validation's sentences (of equal ones the
/// first)? And its score: which share of the test's does it find? `at` reads a number of a tensor.
ChosenHead choose_head(const Observed& validation, const Observed& test);

/// Exercise 2, first half. What a layer's attention gives when head number `head` is taken away and all else
/// stays. each [B, A, S, D] is what the heads have gathered; the layer puts the heads side by side, [B, S, A
/// D], and gives W_o [H, A D] times that plus b_o [H]: [B, S, H]. Nothing that is given may be changed.
/// `clone`, `select`, `fill_`, `transpose`, `reshape`, `linear`.
Tensor without_head(const Tensor& each, int64_t head, const Tensor& wo, const Tensor& bo);

/// Exercise 2, second half. What is left by luck, where half of the sentences mean one of so many animals,
/// and half one of so many foods, all of them equally often. The share of nouns that is right on average when
/// the noun is drawn
struct Luck {
  double of_the_kind = 0;  ///< among all nouns of the right kind
  double of_the_two = 0;   ///< among the two that the sentence has, an animal and a food
  double of_all = 0;       ///< among all nouns
};
Luck left_by_luck(int64_t animals, int64_t foods);

/// Exercise 3. What arrives, in place of who is looked at (Kobayashi et al. 2020): in head a, token q takes
/// from token k its value, times the weight, times W_o's columns for this head. How long is that vector?
/// maps [A, S, S], values [A, S, D], W_o [H, A D] -> [A, S, S], the Euclidean lengths. `slice`, `matmul`,
/// `transpose`, `sum` along Axes{...}, `sqrt`, `unsqueeze`, `stack`.
Tensor what_arrives(const Tensor& maps, const Tensor& values, const Tensor& wo);

}  // namespace gradus::tutorials::looking_inside

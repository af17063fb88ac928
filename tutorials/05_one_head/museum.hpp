/// @file
/// Chapter 5's entries of the bug museum: masks that do not mask, each one line away from the right one.
#pragma once

#include "one_head.hpp"

namespace gradus::tutorials {

enum class Masking {
  exact,       ///< the score becomes -inf, the weight exactly 0
  too_small,   ///< bug: adds -10, which a large score outweighs
  billion,     ///< bug: adds -1e9, which fails where every key is hidden
  wrong_axis,  ///< bug: hides the rows of the words instead of their columns
};

/// scores [S, S] without the keys j for which seen[j] is false.
inline Tensor mask_scores(const Tensor& scores, const Tensor& seen, Masking how) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Tensor hidden = logical_not(seen);  // [S]: broadcasts over the rows, so that it hides columns
  switch (how) {
    case Masking::too_small:
      return scores + hidden.to(scores.dtype()) * -10.0;
    case Masking::billion:
      return scores + hidden.to(scores.dtype()) * -1e9;
    case Masking::wrong_axis:
      return masked_fill(scores, hidden.unsqueeze(1), -infinity);  // [S, 1]: hides rows
    default:
      return masked_fill(scores, hidden, -infinity);
  }
}

/// The head's weights and output [S, D] under a mask.
inline HeadSteps attend_masked(const Tensor& x, const Head& head, const Tensor& seen, Masking how) {
  HeadSteps steps = attend(x, head);
  steps.weights = softmax(mask_scores(steps.scores, seen, how));
  steps.output = matmul(steps.weights, steps.v);
  return steps;
}

/// The check that catches two of the three bugs: how much do the outputs of the first `words` change when the
/// hidden words after them are replaced by `other` ones? A mask that masks gives exactly 0. `billion`
/// passes; a sentence whose words are all hidden catches that one.
inline double leak(const Tensor& x, const Tensor& other, const Head& head, int64_t words, Masking how) {
  const Tensor seen = less(arange(x.size(0)), tensor<int64_t>({words}));  // [S]: true for the first `words`
  const auto output = [&](const Tensor& in) {
    return attend_masked(in, head, seen, how).output.slice(0, 0, words);
  };
  const Tensor changed = concat({x.slice(0, 0, words), other}, 0);
  return max(abs(output(x) - output(changed))).item();
}

}  // namespace gradus::tutorials

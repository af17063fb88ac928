/// @file
/// The exercises of chapter 15. You write exercise.cpp; `./learn 15 check` says how it goes.
#pragma once

#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::tutorials::gives_back {

/// Exercise 1. BERT's pooled vector of each text, from the vectors of all tokens, x [B, S, H], and the
/// pooler's weight [H, H] and bias [H]: [B, H]. `select`, `linear` or `matmul` with `transpose`, `tanh`.
Tensor pooled_vector(const Tensor& x, const Tensor& weight, const Tensor& bias);

/// Exercise 2. The mean of the vectors of each text's real tokens: x [B, S, H] -> [B, H]. `real` is bool [B,
/// S], and false for padding; each text has at least one real token. What stands at the places of padding may
/// be anything. `to`, `unsqueeze`, `sum` along Axes{1}, `where` or `masked_fill`, `logical_not`.
Tensor mean_without_padding(const Tensor& x, const Tensor& real);

/// Exercise 3. Of the L + 1 states of a network, the embeddings' first, L at least 4: how many layers it has,
/// what enters its first layer, what leaves its first layer, what leaves its last, and the sum of what leaves
/// its last four. All states are [B, S, H].
struct ChosenStates {
  int64_t layers = 0;
  Tensor enters_first, leaves_first, leaves_last, last_four;
};
ChosenStates choose_states(const std::vector<Tensor>& states);

}  // namespace gradus::tutorials::gives_back

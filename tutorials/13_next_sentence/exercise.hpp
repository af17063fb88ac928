/// @file
/// The exercises of chapter 13. You write exercise.cpp; `./learn 13 check` says how it goes.
#pragma once

#include <cstdint>

#include "autograd/tensor.hpp"

namespace gradus::tutorials::next_sentence {

/// Exercise 1. Shares of all pairs, when each story is asked for one pair and a fair coin decides.
struct Expected {
  double careless =
      0;  ///< random ones: `lonely` stories of one sentence always get a random B, `others` by the coin
  double careful =
      0;  ///< random ones: lonely stories give no pair; where the coin says "random", the B that is drawn
          ///< reads like the true one with chance `alike`, and the true one is taken then
  double right =
      0;  ///< right verdicts of whoever says "is next" just where the names are the same, when half of the
          ///< pairs are random and a random B's name is any of `names`, each as likely
};
Expected expected_shares(int64_t lonely, int64_t others, double alike, int64_t names);

/// Exercise 2. The loss of logits [B, 2] and its gradient by them, by hand: no backward(). The loss is the
/// mean of
/// -log p(label) over the rows that have a label, 0 or 1; a row whose label is -100 has none and does not
/// count. At least one row has one. `logits.at({row, k})` is a number, `logits.size(0)` is B, and
/// `tensor(numbers, Shape{rows, 2})` makes a tensor of a std::vector<double>; std::exp and std::log.
struct LossAndGradient {
  double loss = 0;
  Tensor gradient;  ///< [B, 2], f64
};
LossAndGradient loss_and_gradient(const Tensor& logits, const Tensor& labels);

/// Exercise 3. BERT's whole loss: the mean over the hidden words plus the mean over the pairs. Word labels
/// [N] are 0 where nothing is asked (the id of [PAD], which is never hidden); pair labels [B] are 0 or 1, and
/// every pair is asked. Word logits [N, V], pair logits [B, 2]. The answer is a tensor [] that backward() can
/// start from: `log_softmax`, `gather`, `unsqueeze`, `squeeze`, `equal`, `logical_not`, `to`, `sum`, `mean`.
Tensor whole_loss(const Tensor& word_logits, const Tensor& word_labels, const Tensor& pair_logits,
                  const Tensor& pair_labels);

}  // namespace gradus::tutorials::next_sentence

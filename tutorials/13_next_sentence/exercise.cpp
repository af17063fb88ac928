// The exercises of chapter 13. Replace each unsolved<...>(...) by your answer, then:
//
//     ./learn 13 check
#include "exercise.hpp"

#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials::next_sentence {

Expected expected_shares(int64_t lonely, int64_t others, double alike, int64_t names) {
  return unsolved<Expected>("three shares, from what the coin decides and what it does not");
}

LossAndGradient loss_and_gradient(const Tensor& logits, const Tensor& labels) {
  return unsolved<LossAndGradient>("the mean surprise of the labelled rows, and its gradient [B, 2]");
}

Tensor whole_loss(const Tensor& word_logits, const Tensor& word_labels, const Tensor& pair_logits,
                  const Tensor& pair_labels) {
  return unsolved<Tensor>("two means, each with its own rule for what is left out");
}

}  // namespace gradus::tutorials::next_sentence

// The exercises of chapter 13, solved.
#include "exercise.hpp"

#include <cmath>
#include <vector>

#include "autograd/ops.hpp"

namespace gradus::tutorials::next_sentence {

// A true B has the hero's name always, a random one in one of `names` draws: then the verdict is wrong.
Expected expected_shares(int64_t lonely, int64_t others, double alike, int64_t names) {
  const auto alone = static_cast<double>(lonely), more = static_cast<double>(others);
  return {.careless = (alone + more / 2) / (alone + more),
          .careful = (1 - alike) / 2,
          .right = 1 - 0.5 / static_cast<double>(names)};
}

// The derivative of -log p(label) by a logit is its p, less 1 if it is that of the label.
LossAndGradient loss_and_gradient(const Tensor& logits, const Tensor& labels) {
  const int64_t rows = logits.size(0);
  double asked = 0, loss = 0;
  for (int64_t row = 0; row < rows; ++row) asked += labels.at({row}) >= 0;
  std::vector<double> gradient(static_cast<size_t>(2 * rows), 0.0);
  for (int64_t row = 0; row < rows; ++row) {
    const auto label = static_cast<int64_t>(labels.at({row}));
    if (label < 0) continue;
    const double zero = logits.at({row, 0}), one = logits.at({row, 1});
    const double p[2] = {1 / (1 + std::exp(one - zero)), 1 / (1 + std::exp(zero - one))};
    loss -= std::log(p[label]) / asked;
    for (int64_t k = 0; k < 2; ++k) {
      gradient[static_cast<size_t>(2 * row + k)] = (p[k] - (k == label ? 1 : 0)) / asked;
    }
  }
  return {loss, tensor(gradient, Shape{rows, 2})};
}

// The 0 that means "nothing is asked" is a rule of the words alone. A pair's 0 means "is next".
Tensor whole_loss(const Tensor& word_logits, const Tensor& word_labels, const Tensor& pair_logits,
                  const Tensor& pair_labels) {
  const Tensor asked = logical_not(equal(word_labels, tensor<int64_t>({0}))).to(word_logits.dtype());
  const Tensor words = gather(log_softmax(word_logits), 1, word_labels.unsqueeze(1)).squeeze(1);
  const Tensor pairs = gather(log_softmax(pair_logits), 1, pair_labels.unsqueeze(1));
  return -sum(words * asked) / sum(asked) - mean(pairs);
}

}  // namespace gradus::tutorials::next_sentence

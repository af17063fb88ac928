#include "bert/training/step_loss.hpp"

#include <algorithm>

namespace gradus::bert {
namespace {

/// part / whole; 0 of nothing.
double share(int64_t part, int64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

int64_t count_positions(const PretrainingBatch& batch) {
  return static_cast<int64_t>(batch.masked_labels.size());
}

int64_t count_pairs(const PretrainingBatch& batch) {
  return std::ranges::count_if(batch.next_sentence_labels, [](int64_t label) { return label != no_label; });
}

int64_t count_right(const Tensor& logits, const std::vector<int64_t>& labels) {
  if (labels.empty()) return 0;
  const std::vector<int64_t> guesses = argmax(logits, -1).to_vector<int64_t>();
  int64_t right = 0;
  for (size_t i = 0; i < guesses.size(); ++i) right += guesses[i] == labels[i];
  return right;
}

}  // namespace

double StepLoss::mlm_accuracy() const { return share(mlm_right, positions); }
double StepLoss::nsp_accuracy() const { return share(nsp_right, pairs); }

StepLoss backward_step(const BertForPreTraining& model, const std::vector<PretrainingBatch>& batches,
                       bool with_accuracy, const std::function<void()>& between_batches) {
  // A step's loss is a mean over all its masked positions and one over all its pairs, however they are cut
  // into batches. So what there is of both is counted first, and a batch weighs what it holds of it; a mean
  // of the batches' means would give a position in a small batch more weight than one in a large batch.
  StepLoss step;
  for (const PretrainingBatch& batch : batches) {
    step.positions += count_positions(batch);
    step.pairs += count_pairs(batch);
  }
  for (const PretrainingBatch& batch : batches) {
    if (&batch != &batches.front()) between_batches();
    const PretrainingLoss out = model.loss(batch);
    const double mlm_share = share(count_positions(batch), step.positions);
    const double nsp_share = share(count_pairs(batch), step.pairs);
    (out.mlm_loss * mlm_share + out.nsp_loss * nsp_share).backward();
    step.mlm_loss += out.mlm_loss.item() * mlm_share;
    step.nsp_loss += out.nsp_loss.item() * nsp_share;
    if (!with_accuracy) continue;
    step.mlm_right += count_right(out.mlm_logits, batch.masked_labels);
    step.nsp_right += count_right(out.nsp_logits, batch.next_sentence_labels);
  }
  return step;
}

}  // namespace gradus::bert

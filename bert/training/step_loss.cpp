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
                       bool with_accuracy, ShardedStep& step, const std::function<void()>& between_shards) {
  // A step's loss is a mean over all its masked positions and one over all its pairs, however they are cut
  // into shards. So what there is of both is counted first, and a shard weighs what it holds of it; a mean of
  // the shards' means would give a position in a small shard more weight than one in a large shard.
  int64_t counts[2] = {0, 0};
  for (const PretrainingBatch& batch : batches) {
    counts[0] += count_positions(batch);
    counts[1] += count_pairs(batch);
  }
  step.add_up(counts);
  StepLoss whole{.positions = counts[0], .pairs = counts[1]};
  const auto work = [&](int64_t shard, std::span<double> figures) {
    const PretrainingBatch& batch = batches.at(static_cast<size_t>(shard - step.first()));
    if (batch.rows == 0) return;
    PretrainingLoss out = model.loss(batch);
    if (!with_accuracy) out.mlm_logits = Tensor();  // backward may free them
    const double mlm_share = share(count_positions(batch), whole.positions);
    const double nsp_share = share(count_pairs(batch), whole.pairs);
    step.backward(out.mlm_loss * mlm_share + out.nsp_loss * nsp_share);
    figures[0] = out.mlm_loss.item() * mlm_share;
    figures[1] = out.nsp_loss.item() * nsp_share;
    if (!with_accuracy) return;
    figures[2] = static_cast<double>(count_right(out.mlm_logits, batch.masked_labels));
    figures[3] = static_cast<double>(count_right(out.nsp_logits, batch.next_sentence_labels));
  };
  const std::vector<double> sums = step.run(4, work, between_shards);
  whole.mlm_loss = sums[0];
  whole.nsp_loss = sums[1];
  whole.mlm_right = static_cast<int64_t>(sums[2]);
  whole.nsp_right = static_cast<int64_t>(sums[3]);
  return whole;
}

}  // namespace gradus::bert

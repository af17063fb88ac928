#include "bert/training/batch_reader.hpp"

#include <algorithm>

namespace gradus::bert {
namespace {

/// The tokens of the text in a batch: neither padding nor [CLS] and [SEP].
int64_t count_tokens(const PretrainingBatch& batch) {
  int64_t tokens = 0;
  for (size_t e = 0; e < batch.lengths.size(); ++e)
    tokens += batch.lengths[e] - (batch.next_sentence_labels[e] == no_label ? 2 : 3);
  return tokens;
}

}  // namespace

PretrainingBatch BatchReader::next(TrainingState& state, int64_t length, int64_t slots,
                                   double masked_fraction) {
  const bool used_up = plan_ && state.index >= plan_->size();
  if (state.length != length || used_up) {
    if (state.length != 0) ++state.epoch;
    state.length = length;
    state.index = 0;
    plan_.reset();
  }
  if (!plan_) plan_ = data_->plan_epoch(state.epoch, state.length);
  PretrainingBatch batch =
      data_->batch(*plan_, state.index, std::max<int64_t>(1, slots / length), masked_fraction);
  state.index += batch.examples();
  state.slots += batch.rows * batch.length;
  state.tokens += count_tokens(batch);
  return batch;
}

void BatchReader::go_to(const TrainingState& state) {
  plan_.reset();
  if (state.length != 0) plan_ = data_->plan_epoch(state.epoch, state.length);
}

}  // namespace gradus::bert

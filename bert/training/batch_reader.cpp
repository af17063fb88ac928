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

std::vector<PretrainingBatch> BatchReader::next(TrainingState& state, int64_t length, int64_t rows,
                                                double masked_fraction, const ShardedStep& step) {
  const bool used_up = plan_ && state.index >= plan_->size();
  if (state.length != length || used_up) {
    if (state.length != 0) ++state.epoch;
    state.length = length;
    state.index = 0;
    plan_.reset();
  }
  if (!plan_) plan_ = data_->plan_epoch(state.epoch, state.length);
  // Where a shard begins follows from how many examples those before it hold, so all are looked at; only
  // those of this rank are made.
  if (!data_->options().pack) rows = std::min(rows, plan_->size() - state.index);
  std::vector<PretrainingBatch> own;
  int64_t counts[2] = {0, 0};
  for (int64_t s = 0; s < step.shards(); ++s) {
    const int64_t of_shard = step.rows_of(s, rows).size();
    if (s < step.first() || s >= step.first() + step.own()) {
      state.index += data_->examples_in(*plan_, state.index, of_shard);
      continue;
    }
    own.push_back(data_->batch(*plan_, state.index, of_shard, masked_fraction));
    state.index += own.back().examples();
    counts[0] += own.back().rows * own.back().length;
    counts[1] += count_tokens(own.back());
  }
  step.add_up(counts);
  state.slots += counts[0];
  state.tokens += counts[1];
  return own;
}

void BatchReader::go_to(const TrainingState& state) {
  plan_.reset();
  if (state.length != 0) plan_ = data_->plan_epoch(state.epoch, state.length);
}

}  // namespace gradus::bert

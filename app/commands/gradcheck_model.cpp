#include "app/commands/gradcheck_model.hpp"

#include <algorithm>

namespace gradus::app {

bert::PretrainingBatch random_batch(const bert::Config& config, int64_t length, uint64_t seed) {
  constexpr int64_t rows = 2;
  Rng rng(seed, /*stream=*/11);
  bert::PretrainingBatch batch;
  batch.rows = rows;
  batch.length = std::min(length, config.max_position_embeddings);
  for (int64_t row = 0; row < rows; ++row) {
    const int64_t filled = row == 0 ? batch.length : std::max<int64_t>(1, batch.length * 3 / 4);
    batch.lengths.push_back(filled);
    batch.next_sentence_labels.push_back(row % 2);
    for (int64_t slot = 0; slot < batch.length; ++slot) {
      const bool is_padding = slot >= filled;
      batch.input_ids.push_back(is_padding ? config.pad_token_id : rng.between(0, config.vocab_size - 1));
      batch.token_type_ids.push_back(!is_padding && slot >= filled / 2 && config.type_vocab_size > 1 ? 1 : 0);
      batch.attention_mask.push_back(is_padding ? 0 : 1);
      if (is_padding || slot % 4 != 1) continue;
      batch.masked_positions.push_back(row * batch.length + slot);
      batch.masked_labels.push_back(rng.between(0, config.vocab_size - 1));
    }
  }
  return batch;
}

}  // namespace gradus::app

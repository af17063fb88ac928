// A BERT that learns one batch by heart: everything between the ids and the optimiser works together.
#include "nn/optimizers/optimizer.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/training_seed.hpp"

using namespace gradus;
using namespace gradus::test;

TEST_CASE("training: one batch is learnt by heart, MLM and NSP loss below 0.01") {
  Rng rng(training_seed(14));
  bert::Config config = bert::Config::named("tiny", 60);
  config.max_position_embeddings = 16;
  config.initializer_range = 0.05;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  const bert::BertForPreTraining model(config, rng);
  bert::PretrainingBatch batch;
  batch.rows = 8;
  batch.length = 12;
  for (int64_t row = 0; row < batch.rows; ++row) {
    for (int64_t slot = 0; slot < batch.length; ++slot) {
      auto id = static_cast<int64_t>(5 + rng.below(55));
      if (slot == 3 || slot == 8) {
        batch.masked_positions.push_back(row * batch.length + slot);
        batch.masked_labels.push_back(id);
        id = 4;
      }
      batch.input_ids.push_back(slot == 0 ? 2 : id);
      batch.token_type_ids.push_back(slot > 5 ? 1 : 0);
      batch.attention_mask.push_back(1);
    }
    batch.next_sentence_labels.push_back(row % 2);
  }
  nn::AdamW optimizer(model, {.lr = 1e-3, .weight_decay = 0.01});
  double loss = 0;
  int64_t step = 0;
  for (; step < 300; ++step) {
    optimizer.zero_grad();
    const bert::PretrainingLoss out = model.loss(batch);
    loss = out.loss.item();
    if (loss < 0.01) break;
    out.loss.backward();
    optimizer.clipped_step(1.0);
  }
  INFO("step " << step);
  CHECK(loss < 0.01);
}

TEST_CASE("training: a step holds no memory when it is over") {
  Rng rng(15);
  const bert::BertForPreTraining model(small_config(), rng);
  nn::AdamW optimizer(model, {.lr = 1e-3});
  const bert::PretrainingBatch batch = small_batch();
  const auto step = [&] {
    optimizer.zero_grad();
    model.loss(batch).loss.backward();
    optimizer.clipped_step(1.0);
  };
  step();
  const int64_t live = memory_stats().live_bytes, mapped = memory_stats().system_allocations;
  for (int i = 0; i < 3; ++i) step();
  CHECK(memory_stats().live_bytes == live);
  CHECK(memory_stats().system_allocations == mapped);
}

// Every parameter of the whole model against differences in double precision.
#include "nn/gradcheck.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// V 7, H 4, L 2, A 2, I 5, P 5: 351 parameters, so that every element can be checked.
bert::Config least_config() {
  bert::Config config;
  config.vocab_size = 7;
  config.hidden_size = 4;
  config.num_hidden_layers = 2;
  config.num_attention_heads = 2;
  config.intermediate_size = 5;
  config.max_position_embeddings = 5;
  config.initializer_range = 0.5;
  return config;
}

bert::PretrainingBatch least_batch() {
  bert::PretrainingBatch batch;
  batch.rows = 2;
  batch.length = 4;
  batch.input_ids = {2, 4, 5, 3, 2, 6, 3, 0};
  batch.token_type_ids = {0, 0, 1, 1, 0, 0, 0, 0};
  batch.attention_mask = {1, 1, 1, 1, 1, 1, 1, 0};
  batch.lengths = {4, 3};
  batch.masked_positions = {1, 5};
  batch.masked_labels = {5, 6};
  batch.next_sentence_labels = {0, 1};
  return batch;
}

}  // namespace

TEST_CASE("gradcheck: MLM and NSP loss of a BERT, every element of every parameter, dropout on") {
  Rng rng(11);
  const bert::BertForPreTraining model(least_config(), rng);
  model.to(DType::f64);
  const bert::PretrainingBatch batch = least_batch();
  const GradcheckReport report =
      nn::gradcheck(model, [&](const auto&) { return model.loss(batch).loss; }, {});
  INFO(to_string(report));
  CHECK(report.passed);
  CHECK(report.inputs.size() == model.named_parameters().size());
}

TEST_CASE("gradcheck: the loss of a network with pre-norm and gates, and of rows that hold several texts") {
  bert::Config config = least_config();
  config.variant = {.pre_norm = true, .gated = true};
  Rng rng(14);
  const bert::BertForPreTraining model(config, rng);
  model.to(DType::f64);
  bert::PretrainingBatch batch = least_batch();  // two texts of four and three slots, in one row
  batch.rows = 1;
  batch.length = 8;
  batch.attention_mask = {1, 1, 1, 1, 2, 2, 2, 0};
  batch.first_positions = {0, 4};
  batch.position_ids = {0, 1, 2, 3, 0, 1, 2, 0};
  const GradcheckReport report =
      nn::gradcheck(model, [&](const auto&) { return model.loss(batch).loss; }, {});
  INFO(to_string(report));
  CHECK(report.passed);
  CHECK(report.inputs.size() == model.named_parameters().size());
}

TEST_CASE("gradcheck: hidden states and pooled vector of a bare BERT, along random directions") {
  Rng rng(12);
  bert::Config config = small_config();
  config.hidden_act = "gelu_new";
  const bert::Bert model(config, rng);
  model.to(DType::f64);
  model.eval();
  const bert::PretrainingBatch batch = small_batch();
  const Shape shape{batch.rows, batch.length};
  const Tensor ids = tensor(batch.input_ids, shape), types = tensor(batch.token_type_ids, shape),
               mask = tensor(batch.attention_mask, shape);
  const GradcheckReport report =
      nn::gradcheck(model,
                    [&](const auto&) {
                      const bert::BertOutput out = model(ids, types, mask);
                      return concat({out.last_hidden.reshape({-1}), out.pooled.reshape({-1})}, 0);
                    },
                    {}, {.directions = 3});
  INFO(to_string(report));
  CHECK(report.passed);
}

TEST_CASE("gradcheck: the gradient's own gradient, through the twins of all fused ops") {
  Rng rng(13);
  bert::Config config = least_config();
  config.num_hidden_layers = 1;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  const bert::BertForPreTraining model(config, rng);
  model.to(DType::f64);
  const bert::PretrainingBatch batch = least_batch();
  const GradcheckReport report = nn::gradcheck(model, [&](const auto&) { return model.loss(batch).loss; }, {},
                                               {.tolerance = 1e-6, .directions = 1, .second_order = true});
  INFO(to_string(report));
  CHECK(report.passed);
}

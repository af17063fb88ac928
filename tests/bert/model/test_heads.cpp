#include "bert/model/heads.hpp"

#include <cmath>

#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;
using bert::BertForPreTraining;

TEST_CASE("gather_rows: row b S + s of the hidden states") {
  const Tensor hidden = arange(24, DType::f32).reshape({2, 3, 4});
  const Tensor rows = bert::gather_rows(hidden, tensor<int64_t>({5, 1, 1}));
  CHECK(rows.to_vector<float>() == std::vector<float>{20, 21, 22, 23, 4, 5, 6, 7, 4, 5, 6, 7});
  CHECK_THROWS_WITH(bert::gather_rows(hidden, tensor<int64_t>({6})),
                    "gather_rows: position 6 is outside the 6 tokens of x [2, 3, 4]");
  CHECK_THROWS_AS(bert::gather_rows(hidden, tensor<int64_t>({-1})), IndexError);
}

TEST_CASE("BertForPreTraining: the gathered positions have the scores that all positions have") {
  Rng rng(1);
  const BertForPreTraining model(small_config(), rng);
  model.eval();
  const Tensor ids = tensor<int64_t>({2, 7, 4, 3, 2, 4, 8, 3}, Shape{2, 4});
  const bert::PretrainingOutput all = model(ids, {}, {}, {});
  const bert::PretrainingOutput some = model(ids, {}, {}, tensor<int64_t>({2, 5}));
  CHECK(all.mlm_logits.shape() == Shape{8, 20});
  CHECK(all.nsp_logits.shape() == Shape{2, 2});
  CHECK(largest_difference(some.mlm_logits, index_select(all.mlm_logits, 0, tensor<int64_t>({2, 5}))) < 1e-6);
}

TEST_CASE("BertForPreTraining: the loss is MLM plus NSP, each a mean over what it counts") {
  Rng rng(2);
  const BertForPreTraining model(small_config(), rng);
  model.eval();
  bert::PretrainingBatch batch = small_batch();
  const bert::PretrainingLoss out = model.loss(batch);
  CHECK(out.loss.item() == Approx(out.mlm_loss.item() + out.nsp_loss.item()));
  CHECK(out.mlm_logits.shape() == Shape{4, 20});

  const Shape shape{batch.rows, batch.length};  // The loss leaves out what it does not look at.
  const bert::PretrainingOutput whole =
      model(tensor(batch.input_ids, shape), tensor(batch.token_type_ids, shape),
            tensor(batch.attention_mask, shape), tensor(batch.masked_positions));
  CHECK(largest_difference(out.mlm_logits, whole.mlm_logits) < 1e-6);
  CHECK(largest_difference(out.nsp_logits, whole.nsp_logits) < 1e-6);

  double by_hand = 0;  // -log softmax(logits)[label] of rows 0 and 2: row 1 has no label
  for (const int64_t row : {0, 2}) {
    const double zero = out.nsp_logits.at({row, 0}), one = out.nsp_logits.at({row, 1});
    by_hand += std::log(std::exp(zero) + std::exp(one)) - (row == 0 ? zero : one);
  }
  CHECK(out.nsp_loss.item() == Approx(by_hand / 2).epsilon(1e-5));

  SECTION("label 0 counts in both tasks: a vocabulary's piece 0 and NSP's class 0") {
    batch.next_sentence_labels = {0, 0, 0};
    batch.masked_labels = {0, 0, 0, 0};
    const bert::PretrainingLoss zeros = model.loss(batch);
    CHECK(zeros.nsp_loss.item() > 0);
    CHECK(zeros.mlm_loss.item() > 0);
    zeros.loss.backward();
    CHECK(max(abs(model.cls.seq_relationship.bias.grad())).item() > 0);
    CHECK(max(abs(model.cls.predictions.bias.grad())).item() > 0);
  }
  SECTION("without masked positions") {
    batch.masked_positions.clear();
    batch.masked_labels.clear();
    const bert::PretrainingLoss nsp = model.loss(batch);
    CHECK(nsp.mlm_loss.item() == 0);
    CHECK(nsp.mlm_logits.shape() == Shape{0, 20});
    CHECK(nsp.loss.item() == Approx(out.nsp_loss.item()));
    nsp.loss.backward();
    CHECK(max(abs(model.cls.seq_relationship.weight.grad())).item() > 0);
    CHECK_FALSE(model.cls.predictions.bias.grad().defined());
  }
  SECTION("without NSP labels") {
    batch.next_sentence_labels.assign(3, bert::no_label);
    const bert::PretrainingLoss mlm = model.loss(batch);
    CHECK(mlm.nsp_loss.item() == 0);
    CHECK(mlm.loss.item() == Approx(out.mlm_loss.item()));
    mlm.loss.backward();
    for (const auto& [name, parameter] : model.named_parameters()) {
      INFO(name);
      if (parameter.grad().defined()) CHECK(min(is_finite(parameter.grad()).to(DType::f32)).item() == 1);
    }
  }
}

TEST_CASE("BertForPreTraining: a batch that does not fit is named") {
  Rng rng(3);
  const BertForPreTraining model(small_config(), rng);
  bert::PretrainingBatch batch = small_batch();
  SECTION("ids") {
    batch.input_ids.pop_back();
    CHECK_THROWS_WITH(model.loss(batch), "pretraining batch: input_ids has 17 values, not 18");
  }
  SECTION("labels") {
    batch.masked_labels.pop_back();
    CHECK_THROWS_WITH(model.loss(batch), "pretraining batch: masked_labels has 3 values, not 4");
  }
  SECTION("a piece that does not exist") {
    batch.masked_labels[1] = 20;
    CHECK_THROWS_WITH(model.loss(batch),
                      "cross_entropy: target 20 at position 1 is outside [0, 20), the number of classes");
  }
  SECTION("a third NSP class") {
    batch.next_sentence_labels[0] = 2;
    CHECK_THROWS_AS(model.loss(batch), IndexError);
  }
}

TEST_CASE("MLM head: its decoder is the table of word embeddings, or one of its own") {
  Rng rng(4);
  bert::Config config = small_config();
  SECTION("tied: one gradient from both uses") {
    const BertForPreTraining model(config, rng);
    CHECK(model.cls.predictions.decoder_weight.shares_memory_with(
        model.bert.embeddings.word_embeddings.weight));
    model.loss(small_batch()).loss.backward();
    // Piece 19 is in no input; only the decoder's softmax can have moved it.
    CHECK(max(abs(model.bert.embeddings.word_embeddings.weight.grad().select(0, 19))).item() > 0);
  }
  SECTION("untied") {
    config.tie_word_embeddings = false;
    const BertForPreTraining model(config, rng);
    CHECK(model.named_parameters().size() == 47);
    model.loss(small_batch()).loss.backward();
    CHECK(max(abs(model.bert.embeddings.word_embeddings.weight.grad().select(0, 19))).item() == 0);
    CHECK(max(abs(model.cls.predictions.decoder_weight.grad().select(0, 19))).item() > 0);
  }
}

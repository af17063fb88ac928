#include "bert/data/batch_layout.hpp"

#include <set>

#include "autograd/error.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/random_corpus.hpp"

using namespace gradus;
using namespace gradus::bert;
using namespace gradus::test;

namespace {

using World = testing::RandomCorpus;

SlotsOf sizes(std::vector<int64_t> values) {
  return [values = std::move(values)](int64_t e) { return values.at(static_cast<size_t>(e)); };
}

/// The rows of a batch, one example each, as the packed batch has them: pieces, segments, positions.
std::vector<std::vector<int64_t>> examples_of(const PretrainingBatch& batch) {
  std::vector<std::vector<int64_t>> all;
  for (int64_t e = 0; e < batch.examples(); ++e) {
    const int64_t start =
        batch.first_positions.empty() ? e * batch.length : batch.first_positions[static_cast<size_t>(e)];
    std::vector<int64_t> one;
    for (int64_t s = start; s < start + batch.lengths[static_cast<size_t>(e)]; ++s) {
      one.push_back(batch.input_ids[static_cast<size_t>(s)]);
      one.push_back(batch.token_type_ids[static_cast<size_t>(s)]);
    }
    all.push_back(one);
  }
  return all;
}

}  // namespace

TEST_CASE("packed: each example goes into the first row with room, up to the first that fits nowhere") {
  const Layout layout = packed(10, 2, 5, sizes({6, 7, 4, 3, 1}));
  CHECK(layout.length == 10);
  CHECK(layout.rows == 2);
  CHECK(layout.starts == std::vector<int64_t>{0, 10, 6, 17});  // 6 + 4 and 7 + 3; the last finds no room
  CHECK(packed(10, 3, 2, sizes({4, 5})).rows == 1);            // empty rows are left out
  CHECK(packed(10, 3, 0, sizes({})).rows == 0);
}

TEST_CASE("one_a_row: as long as the longest, unless a length is asked for") {
  CHECK(one_a_row(0, 2, sizes({4, 6})).starts == std::vector<int64_t>{0, 6});
  CHECK(one_a_row(9, 2, sizes({4, 6})).starts == std::vector<int64_t>{0, 9});
  CHECK(one_a_row(0, 0, sizes({})).length == 0);
}

TEST_CASE("packing: a batch holds the same examples, masked in the same way, and less padding") {
  const World world(60);
  const PretrainingOptions options{.max_length = 32, .seed = 3};
  PretrainingOptions packing = options;
  packing.pack = true;
  const PretrainingData plain = world.data(options), dense = world.data(packing);
  const EpochPlan plan = plain.plan_epoch(0);
  const PretrainingBatch batch = dense.batch(plan, 0, 8);
  REQUIRE(batch.examples() > 8);
  CHECK(batch.rows == 8);
  CHECK(batch.length == 32);
  const PretrainingBatch apart = plain.batch(plan, 0, batch.examples());
  CHECK(examples_of(batch) == examples_of(apart));
  CHECK(batch.masked_labels == apart.masked_labels);
  CHECK(batch.next_sentence_labels == apart.next_sentence_labels);
  CHECK(batch.lengths == apart.lengths);
  for (int64_t e = 0; e < batch.examples(); ++e) {
    const auto start = static_cast<size_t>(batch.first_positions[static_cast<size_t>(e)]);
    CHECK(batch.input_ids[start] == 2);  // [CLS]
    for (size_t s = 0; s < static_cast<size_t>(batch.lengths[static_cast<size_t>(e)]); ++s) {
      CHECK(batch.position_ids[start + s] == static_cast<int64_t>(s));
      CHECK(batch.attention_mask[start + s] == batch.attention_mask[start]);
    }
  }
  // The next batch begins where this one ended, so no example is lost.
  const PretrainingBatch next = dense.batch(plan, batch.examples(), 8);
  CHECK(examples_of(next).front() == examples_of(plain.batch(plan, batch.examples(), 1)).front());
  CHECK(dense.batch(plan, plan.size(), 8).rows == 0);
}

TEST_CASE("packing: the loss and every gradient are those of the same examples in rows of their own") {
  const World world(60);
  const PretrainingData plain = world.data({.max_length = 32, .seed = 3});
  const PretrainingData dense = world.data({.max_length = 32, .pack = true, .seed = 3});
  const EpochPlan plan = plain.plan_epoch(0);
  Config config = small_config();
  config.vocab_size = World::vocabulary;
  config.max_position_embeddings = 32;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = 0;
  Rng rng(5);
  const BertForPreTraining model(config, rng);
  model.to(DType::f64);
  const PretrainingBatch batch = dense.batch(plan, 0, 8);
  REQUIRE(batch.examples() > 8);
  const PretrainingLoss packed_loss = model.loss(batch);
  packed_loss.loss.backward();
  std::vector<Tensor> gradients;
  for (const Tensor& p : model.parameters()) gradients.push_back(p.grad().clone());
  model.zero_grad();
  const PretrainingLoss apart = model.loss(plain.batch(plan, 0, batch.examples()));
  apart.loss.backward();
  CHECK(packed_loss.mlm_loss.item() == Approx(apart.mlm_loss.item()).epsilon(1e-12));
  CHECK(packed_loss.nsp_loss.item() == Approx(apart.nsp_loss.item()).epsilon(1e-12));
  double most = 0;
  for (size_t i = 0; i < gradients.size(); ++i)
    most = std::max(most, largest_difference(gradients[i], model.parameters()[i].grad()));
  CHECK(most < 1e-12);
}

TEST_CASE("packing: the model refuses a batch whose parts do not fit") {
  const World world(60);
  Config config = small_config();
  config.vocab_size = World::vocabulary;
  config.max_position_embeddings = 32;
  Rng rng(5);
  const BertForPreTraining model(config, rng);
  const PretrainingData dense = world.data({.max_length = 32, .pack = true, .seed = 3});
  PretrainingBatch batch = dense.batch(dense.plan_epoch(0), 0, 4);
  batch.first_positions.pop_back();
  CHECK_THROWS_WITH(model.loss(batch),
                    Catch::Matchers::StartsWith("pretraining batch: first_positions has "));
  const Tensor ids = zeros({1, 4}, DType::i64);
  CHECK_THROWS_WITH(model.bert.at_positions(zeros({1}, DType::i64), ids, {}, {}, ids),
                    "bert: rows with position_ids need an attention_mask that numbers their texts (in bert)");
}

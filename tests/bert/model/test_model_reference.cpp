// The model against PyTorch and transformers on the same weights and batch: tests/fixtures/README.md, bert/.
#include <algorithm>
#include <cmath>

#include "bert/checkpoint/checkpoint.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

const char* const model_folder = GRADUS_FIXTURES "/bert/small";

nn::StateDict expected() { return nn::read_safetensors(GRADUS_FIXTURES "/bert/small_expected.safetensors"); }

bert::BertForPreTraining reference_model() {
  auto loaded = bert::load_for_pretraining(model_folder);
  REQUIRE(loaded.warnings.empty());
  loaded.model.eval();
  return loaded.model;
}

bert::PretrainingBatch reference_batch(const nn::StateDict& want) {
  const auto values = [&](const char* name) { return want.at(name).to_vector<int64_t>(); };
  bert::PretrainingBatch batch;
  batch.rows = want.at("input_ids").size(0);
  batch.length = want.at("input_ids").size(1);
  batch.input_ids = values("input_ids");
  batch.token_type_ids = values("token_type_ids");
  batch.attention_mask = values("attention_mask");
  batch.masked_positions = values("masked_positions");
  batch.masked_labels = values("masked_labels");
  batch.next_sentence_labels = values("next_sentence_labels");
  return batch;
}

double norm(const Tensor& x) { return std::sqrt(sum(x * x).item()); }

}  // namespace

TEST_CASE("reference: hidden states, attention, pooled vector, logits and losses within 1e-5") {
  const nn::StateDict want = expected();
  const bert::BertForPreTraining model = reference_model();
  for (const bool composed : {false, true}) {
    const ComposedOps twins(composed);
    const bert::PretrainingOutput out =
        model(want.at("input_ids"), want.at("token_type_ids"), want.at("attention_mask"),
              want.at("masked_positions"), {.hidden_states = true});
    REQUIRE(out.encoded.hidden_states.size() == 3);
    for (int64_t i = 0; i < 3; ++i) {
      CHECK(largest_difference(out.encoded.hidden_states[static_cast<size_t>(i)],
                               want.at(fmt::format("hidden_states.{}", i))) < 1e-5);
    }
    CHECK(largest_difference(out.encoded.pooled, want.at("pooled")) < 1e-5);
    CHECK(largest_difference(out.mlm_logits, want.at("mlm_logits")) < 1e-5);
    CHECK(largest_difference(out.nsp_logits, want.at("nsp_logits")) < 1e-5);
    const bert::PretrainingLoss loss = model.loss(reference_batch(want));
    CHECK(std::abs(loss.mlm_loss.item() - want.at("mlm_loss").item()) < 1e-5);
    CHECK(std::abs(loss.nsp_loss.item() - want.at("nsp_loss").item()) < 1e-5);
  }
  const bert::BertOutput out = model.bert(want.at("input_ids"), want.at("token_type_ids"),
                                          want.at("attention_mask"), {.attentions = true});
  REQUIRE(out.attentions.size() == 2);
  CHECK(largest_difference(out.attentions[0], want.at("attentions.0")) < 1e-5);
  CHECK(largest_difference(out.attentions[1], want.at("attentions.1")) < 1e-5);
}

TEST_CASE("reference: every parameter's gradient within 1e-4 of PyTorch's, by norm") {
  const nn::StateDict want = expected();
  const bert::BertForPreTraining model = reference_model();
  model.loss(reference_batch(want)).loss.backward();
  double largest = 0;
  for (const auto& [name, parameter] : model.named_parameters()) {
    largest = std::max(largest, norm(want.at("grad." + name)));
  }
  for (const auto& [name, parameter] : model.named_parameters()) {
    INFO(name);
    const Tensor& gradient = want.at("grad." + name);
    // The bias of the keys shifts all scores of a query alike: its gradient is 0, and so has no relative
    // error.
    const double scale = name.ends_with("key.bias") ? largest : norm(gradient);
    CHECK(norm(parameter.grad() - gradient) <= 1e-4 * scale);
  }
}

TEST_CASE("reference: ten steps of AdamW follow PyTorch's within 1e-4") {
  const nn::StateDict want = expected();
  const bert::BertForPreTraining model = reference_model();
  const bert::PretrainingBatch batch = reference_batch(want);
  nn::AdamW optimizer(model, {.lr = 1e-3, .weight_decay = 0.01});
  for (int64_t step = 0; step < 10; ++step) {
    INFO("step " << step);
    optimizer.zero_grad();
    const Tensor loss = model.loss(batch).loss;
    CHECK(std::abs(loss.item() - want.at("step_losses").at({step})) < 1e-4);
    loss.backward();
    CHECK(optimizer.clipped_step(1.0) == Approx(want.at("step_norms").at({step})).epsilon(1e-3));
  }
}

// Two whole models as parts of one module, as a teacher and its pupil would be: names, state, arena,
// optimiser and modes keep them apart.
#include <cmath>
#include "bert/checkpoint/checkpoint.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

Config wider() {
  Config config = test::small_config();
  config.hidden_size = 24;
  config.num_hidden_layers = 1;
  return config;
}

struct Two : nn::Module {
  Two(BertForPreTraining a, BertForPreTraining b)
      : first(child("first", std::move(a))), second(child("second", std::move(b))) {}
  const BertForPreTraining first, second;
};

BertForPreTraining make(const Config& config, uint64_t seed) {
  Rng rng(seed);
  BertForPreTraining model(config, rng);
  model.eval();
  return model;
}

Tensor loss(const BertForPreTraining& model) { return model.loss(test::small_batch()).loss; }

void check_same(const nn::StateDict& a, const nn::StateDict& b, const std::string& prefix) {
  for (const auto& [name, value] : a) {
    INFO(name);
    REQUIRE(b.contains(prefix + name));
    CHECK(b.at(prefix + name).to_vector<float>() == value.to_vector<float>());
  }
}

}  // namespace

TEST_CASE("two models: every parameter has its own name, and the state goes through a file") {
  const BertForPreTraining a = make(test::small_config(), 1), b = make(wider(), 2);
  const Two two(a, b);
  CHECK(two.named_parameters().size() == a.named_parameters().size() + b.named_parameters().size());
  CHECK(two.num_parameters() == a.num_parameters() + b.num_parameters());
  const nn::StateDict state = two.state_dict();
  check_same(a.state_dict(), state, "first.");
  check_same(b.state_dict(), state, "second.");
  const TemporaryFolder folder;
  nn::write_safetensors(folder / "two.safetensors", state);
  const Two other(make(test::small_config(), 3), make(wider(), 4));
  const nn::LoadReport report = other.load_state_dict(nn::read_safetensors(folder / "two.safetensors"));
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  check_same(other.state_dict(), state, "");
  CHECK(loss(other.second).item() == loss(b).item());
}

TEST_CASE("two models under one optimiser learn as each does alone") {
  const BertForPreTraining a = make(test::small_config(), 1), b = make(wider(), 2);
  const BertForPreTraining alone_a = make(test::small_config(), 1), alone_b = make(wider(), 2);
  const Two two(a, b);
  nn::AdamW both(two, {.lr = 1e-2}), only_a(alone_a, {.lr = 1e-2}), only_b(alone_b, {.lr = 1e-2});
  CHECK(both.arena().size() == only_a.arena().size() + only_b.arena().size());
  for (int step = 0; step < 3; ++step) {
    both.zero_grad();
    (loss(two.first) + loss(two.second)).backward();
    both.step();
    for (auto [optimizer, model] : {std::pair{&only_a, &alone_a}, {&only_b, &alone_b}}) {
      optimizer->zero_grad();
      loss(*model).backward();
      optimizer->step();
    }
  }
  check_same(alone_a.state_dict(), two.state_dict(), "first.");
  check_same(alone_b.state_dict(), two.state_dict(), "second.");

  // The state of the optimiser goes on in another pair, and one model of the two is a model folder.
  const Two other(make(test::small_config(), 3), make(wider(), 4));
  other.load_state_dict(two.state_dict());
  nn::AdamW resumed(other, {.lr = 1e-2});
  resumed.load_state_dict(both.state_dict());
  CHECK(resumed.steps() == 3);
  const TemporaryFolder folder;
  save_pretrained(folder / "second", two.second);
  check_same(load_for_pretraining(folder / "second").model.state_dict(), alone_b.state_dict(), "");
}

TEST_CASE("two models: one that was trained before, its modes and its precision") {
  const BertForPreTraining a = make(test::small_config(), 1), b = make(test::small_config(), 2);
  {
    nn::AdamW alone(a, {.lr = 1e-2});  // a's parameters are views of its arena from here on
    loss(a).backward();
    alone.step();
  }
  const Two two(a, b);
  const double before = loss(b).item();
  two.first.train();
  CHECK(two.first.bert.is_training());
  CHECK_FALSE(two.second.bert.is_training());
  two.eval();
  nn::AdamW both(two, {.lr = 1e-2});
  both.zero_grad();
  loss(two.first).backward();  // nothing reaches the second
  both.step();
  const nn::StateDict state = two.state_dict();
  check_same(a.state_dict(), state, "first.");
  two.to(DType::f64);
  CHECK(loss(two.first).dtype() == DType::f64);
  CHECK(loss(b).dtype() == DType::f64);
  CHECK(std::abs(loss(b).item() - before) < 0.1);  // but for the decay of one step
}

TEST_CASE("two heads on one model: what they share is one parameter, under its first name") {
  const Config config = test::small_config();
  const BertForPreTraining model = make(config, 1);
  struct Reader : nn::Module {
    Reader(Bert shared, Rng& rng)
        : bert(child("bert", std::move(shared))), score(child("score", nn::Linear(12, 1, rng))) {}
    const Bert bert;
    const nn::Linear score;
  };
  struct Both : nn::Module {
    Both(BertForPreTraining a, Reader b)
        : pretraining(child("pretraining", std::move(a))), reader(child("reader", std::move(b))) {}
    const BertForPreTraining pretraining;
    const Reader reader;
  };
  Rng rng(5);
  const Both both(model, Reader(model.bert, rng));
  CHECK(both.num_parameters() == model.num_parameters() + 13);
  CHECK(both.state_dict().contains("reader.score.weight"));
  CHECK_FALSE(both.state_dict().contains("reader.bert.embeddings.word_embeddings.weight"));
  nn::AdamW optimizer(both, {.lr = 1e-2});
  (loss(both.pretraining) + mean(both.reader.score(both.reader.bert(zeros({1, 3}, DType::i64)).pooled)))
      .backward();
  optimizer.step();
  CHECK(both.reader.bert.embeddings.word_embeddings.weight.impl() ==
        both.pretraining.bert.embeddings.word_embeddings.weight.impl());
}

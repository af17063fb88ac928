// Fine-tuning by the loop of pretraining: which rows a step reads, what it does with them, and going on.
#include "bert/tasks/finetuning.hpp"

#include <set>

#include "autograd/file.hpp"
#include "bert/tasks/classification.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::largest_difference;

namespace {

Tokenizer words() {
  return Tokenizer(
      Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "not", "good", "bad"}));
}

/// A text is good when it says "good" or "not ... bad".
LabelledTexts table(int64_t rows, uint64_t seed) {
  LabelledTexts texts;
  texts.file = "table.tsv";
  Rng rng(seed);
  const std::vector<std::string> fillers = {"a", "b", "c", "d"};
  for (int64_t i = 0; i < rows; ++i) {
    const bool says_good = rng.below(2) == 1, says_not = rng.below(3) == 0;
    std::string text = fillers[rng.below(4)];
    if (says_not) text += " not";
    for (uint64_t n = rng.below(3); n > 0; --n) text += " " + fillers[rng.below(4)];
    text += says_good ? " good" : " bad";
    texts.rows.push_back({text, "", says_good != says_not ? "yes" : "no", says_good ? 1.0 : -1.0, i + 2});
  }
  return texts;
}

BertForSequenceClassification small_model(TaskConfig task, double dropout = 0) {
  Config config = test::small_config();
  config.initializer_range = 0.2;
  config.hidden_dropout_prob = config.attention_probs_dropout_prob = dropout;
  Rng rng(3);
  return {config, std::move(task), rng};
}

const TaskConfig yes_or_no{.labels = {"no", "yes"}};

Classification classification(const ClassificationOptions& options = {}, double dropout = 0) {
  return {small_model(yes_or_no, dropout), words(), table(50, 1), table(20, 2), options};
}

LoopOptions options_of(int64_t steps) {
  LoopOptions options;
  options.steps = steps;
  options.warmup = 0;
  options.evaluations = 3;
  options.evaluation_rows = 0;
  options.learning_rate = 5e-3;
  options.settings = "test";
  return options;
}

}  // namespace

TEST_CASE("finetuning: an epoch reads every row once, and each in another order") {
  /// Notes the rows that it is asked for.
  struct Noting : Classification {
    using Classification::Classification;
    Tensor loss(std::span<const int64_t> rows) const override {
      asked.insert(asked.end(), rows.begin(), rows.end());
      return Classification::loss(rows);
    }
    mutable std::vector<int64_t> asked;
  };
  Noting task(small_model(yes_or_no), words(), table(50, 1), table(20, 2), ClassificationOptions{});
  FinetuneLearner learner(task, {.batch_rows = 8, .seed = 4});
  CHECK(learner.steps_of_an_epoch() == 7);
  ShardedStep alone;
  TrainingState state;
  std::vector<std::vector<int64_t>> epochs;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    task.asked.clear();
    for (int64_t step = 0; step < 7; ++step) learner.forward_backward(state, false, alone, [] {});
    CHECK(state.epoch == epoch);
    CHECK(state.index == 50);
    CHECK(state.tokens == (epoch + 1) * task.training().pieces);
    epochs.push_back(task.asked);
    CHECK(std::set(task.asked.begin(), task.asked.end()).size() == 50);
    CHECK(task.asked.size() == 50);
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
}

TEST_CASE("finetuning: the gradient of a step is the same however its rows are cut") {
  const std::vector<double> weights = {1, 3};
  std::vector<std::vector<Tensor>> gradients;
  std::vector<double> losses;
  for (const int64_t at_once : {0, 7, 1}) {
    Classification task = classification({.class_weights = weights});
    task.model().to(DType::f64);
    FinetuneLearner learner(task, {.batch_rows = 20, .rows_at_once = at_once});
    ShardedStep alone;
    TrainingState state;
    losses.push_back(learner.forward_backward(state, false, alone, [] {}));
    gradients.emplace_back();
    for (const Tensor& parameter : task.model().parameters())
      gradients.back().push_back(parameter.grad().defined() ? parameter.grad() : zeros({1}, DType::f64));
  }
  for (size_t other : {1, 2}) {
    CHECK(losses[other] == Approx(losses[0]).epsilon(1e-12));
    double most = 0;
    for (size_t i = 0; i < gradients[0].size(); ++i)
      most = std::max(most, largest_difference(gradients[0][i], gradients[other][i]));
    CHECK(most < 1e-13);
  }
}

TEST_CASE("finetuning: a run that is stopped and resumed ends with the same bits, dropout on") {
  const TemporaryFolder folder;
  const LoopOptions options = options_of(20);
  Classification whole = classification({}, 0.1);
  FinetuneLearner learner(whole, {.batch_rows = 8});
  CHECK(TrainingLoop(learner, options, folder / "whole").run() == TrainingEnd::finished);

  const int64_t cut = GENERATE(3, 7, 12);  // 7 steps are an epoch
  Classification begun = classification({}, 0.1);
  FinetuneLearner first(begun, {.batch_rows = 8});
  const TrainingLoop* running = nullptr;
  LoopEvents events;
  events.stop = [&] { return running->state().step == cut; };
  TrainingLoop stopped(first, options, folder / "cut", events);
  running = &stopped;
  CHECK(stopped.run() == TrainingEnd::interrupted);
  Classification fresh = classification({}, 0.1);
  FinetuneLearner second(fresh, {.batch_rows = 8});
  TrainingLoop resumed(second, options, folder / "cut");
  REQUIRE(resumed.resume());
  CHECK(resumed.run() == TrainingEnd::finished);
  CHECK(read_file(folder / "cut/model.safetensors") == read_file(folder / "whole/model.safetensors"));
}

TEST_CASE("finetuning: a small model learns what not does, and its folder says the same") {
  const TemporaryFolder folder;
  Classification task(small_model(yes_or_no), words(), table(300, 1), table(60, 2), {});
  FinetuneLearner learner(task, {.batch_rows = 32});
  LoopOptions options = options_of(30 * learner.steps_of_an_epoch());
  options.evaluations = 10;
  options.ends_with_best = true;
  TrainingLoop loop(learner, options, folder / "run");
  CHECK(loop.run() == TrainingEnd::finished);
  CHECK(learner.findings().figures[0].name == "accuracy");
  CHECK(1 - loop.state().best_loss > 0.95);
  const auto left = load_task<BertForSequenceClassification>(folder / "run").model;
  const Tensor said = classify(left, task.validation(), 0);
  CHECK(said.to_vector<float>() == classify(task.model(), task.validation(), 0).to_vector<float>());
}

TEST_CASE("finetuning: numbers are learnt by the mean squared error") {
  const TemporaryFolder folder;
  Classification task(small_model({.labels = {"LABEL_0"}, .regression = true}), words(), table(100, 1),
                      table(40, 2), {});
  FinetuneLearner learner(task, {.batch_rows = 20});
  TrainingLoop loop(learner, options_of(150), folder / "run");
  loop.run();
  CHECK(learner.findings().figures[0].name == "R2");
  CHECK(learner.findings().value() > 0.9);
}

TEST_CASE("finetuning: what is frozen stays, and layers learn at rates of their own") {
  Classification task = classification();
  freeze_layers(task.model(), 1);
  std::set<std::string> moving;
  for (const auto& [name, parameter] : task.model().named_parameters())
    if (parameter.needs_grad()) moving.insert(name.substr(0, 20));
  CHECK(moving == std::set<std::string>{"bert.encoder.layer.1", "bert.pooler.dense.bi",
                                        "bert.pooler.dense.we", "classifier.bias", "classifier.weight"});
  CHECK_THROWS_WITH(freeze_layers(task.model(), 3), "3 layers cannot be frozen: the model has 2");
  CHECK_THROWS_WITH(freeze_layers(task.model(), -1), "-1 layers cannot be frozen: the model has 2");

  const std::vector<nn::ParameterGroup> groups = layer_wise_rates(2, 0.5);
  const auto rate_of = [&](const std::string& name) {
    for (const nn::ParameterGroup& group : groups)
      if (group.holds(name)) return group.rate;
    return 1.0;
  };
  CHECK(rate_of("classifier.weight") == 1);
  CHECK(rate_of("bert.pooler.dense.weight") == 1);
  CHECK(rate_of("bert.encoder.layer.1.output.dense.bias") == 0.5);
  CHECK(rate_of("bert.encoder.layer.0.output.dense.bias") == 0.25);
  CHECK(rate_of("bert.embeddings.LayerNorm.bias") == 0.125);
  CHECK(layer_wise_rates(2, 1).empty());
  CHECK_THROWS_WITH(layer_wise_rates(2, 0),
                    "the rates of layers shrink by 0, and must shrink by a number above 0 and at most 1");
}

TEST_CASE("classification: of a text in windows the mean is taken") {
  const auto model = small_model(yes_or_no);
  LabelledTexts one, parts;
  one.rows.push_back({"a b c d good a b", "", "yes", 0, 2});
  const FitOptions windows{.max_length = 6, .fit = Fit::windows, .overlap = 1};
  const FittedTexts fitted = fit_texts(words(), one, windows);
  REQUIRE(fitted.rows.size() == 2);
  CHECK(fitted.texts == 1);
  CHECK(fitted.left_out == 0);
  for (const char* text : {"a b c d", "d good a b"}) parts.rows.push_back({text, "", "yes", 0, 2});
  const std::vector<float> both = classify(model, fit_texts(words(), parts, windows), 0).to_vector<float>();
  const std::vector<float> said = classify(model, fitted, 0).to_vector<float>();
  CHECK(said[0] == Approx((both[0] + both[2]) / 2).epsilon(1e-5));
  CHECK(said[1] == Approx((both[1] + both[3]) / 2).epsilon(1e-5));
}

TEST_CASE("classification: what a text says does not hang on the others of its batch, nor on the mode") {
  const auto model = small_model(yes_or_no, 0.3);
  const LabelledTexts many = table(9, 5);
  const Tensor all = classify(model, fit_texts(words(), many, {}), 0);
  CHECK(model.is_training());
  for (size_t i = 0; i < many.rows.size(); ++i) {
    LabelledTexts one;
    one.rows.push_back(many.rows[i]);
    const Tensor alone = classify(model, fit_texts(words(), one, {}), 0);
    CHECK(largest_difference(alone.select(0, 0), all.select(0, static_cast<int64_t>(i))) < 1e-5);
  }
}

TEST_CASE("classification: weights of classes") {
  LabelledTexts texts = table(10, 1);
  for (size_t i = 0; i < 10; ++i) texts.rows[i].label = i < 8 ? "no" : "yes";
  CHECK(balanced_weights(texts, {"no", "yes"}) == std::vector<double>{10 / 16.0, 10 / 4.0});
  CHECK_THROWS_WITH(balanced_weights(texts, {"no", "maybe"}),
                    "table.tsv: no row has the label 'maybe', so it cannot be weighed by its share");
  CHECK_THROWS_WITH(classification({.class_weights = {1, 2, 3}}), "3 weights of classes for 2 labels");
}

TEST_CASE("classification: what cannot be learnt is named with its line") {
  LabelledTexts texts = table(3, 1);
  texts.rows[1].label = "perhaps";
  CHECK_THROWS_WITH(Classification(small_model(yes_or_no), words(), texts, {}, {}),
                    "table.tsv, line 3: there is no label 'perhaps'; the labels are no, yes");
  CHECK_THROWS_WITH(
      Classification(small_model(yes_or_no), words(), table(3, 1), {}, {.fit = {.max_length = 4}}),
      "table.tsv, line 2: rows of 4 slots are too short for a text; take at least 5");
  Classification empty(small_model(yes_or_no), words(), {}, {}, {});
  CHECK_THROWS_WITH(FinetuneLearner(empty, {}), "there is no row to learn from");
  Classification some(small_model(yes_or_no), words(), table(3, 1), {}, {});
  CHECK_THROWS_WITH(FinetuneLearner(some, {.batch_rows = 0}), "a batch of 0 rows teaches nothing");
}

TEST_CASE(
    "finetuning: hidden pieces are drawn from the step's generator, and never [CLS], [SEP] or padding") {
  struct Showing : Classification {
    using Classification::Classification;
    using TaskTraining::shown;
  };
  Showing task(small_model(yes_or_no), words(), table(50, 1), table(20, 2), ClassificationOptions{});
  const auto input = [] {
    const Tensor ids = tensor<int64_t>({2, 5, 6, 7, 8, 9, 3, 0}, Shape{1, 8});
    return TaskInput{ids, zeros({1, 8}, DType::i64), zeros({1, 8}, DType::i64)};
  };
  const std::vector<int64_t> whole = input().ids.to_vector<int64_t>();
  CHECK(task.shown(input(), words().special_ids()).ids.to_vector<int64_t>() == whole);
  task.hide_pieces(0.5);
  int64_t hidden = 0;
  for (int i = 0; i < 400; ++i) {
    const std::vector<int64_t> ids = task.shown(input(), words().special_ids()).ids.to_vector<int64_t>();
    for (size_t s = 0; s < ids.size(); ++s) {
      hidden += ids[s] != whole[s];
      if (ids[s] != whole[s]) CHECK((ids[s] == 4 && s >= 1 && s <= 5));
    }
  }
  CHECK(static_cast<double>(hidden) / 2000 == Approx(0.5).margin(0.05));
  manual_seed(3);
  const std::vector<int64_t> first = task.shown(input(), words().special_ids()).ids.to_vector<int64_t>();
  manual_seed(3);
  CHECK(task.shown(input(), words().special_ids()).ids.to_vector<int64_t>() == first);
  CHECK(test::error_text([&] { task.hide_pieces(1); }) ==
        "a share of 1 of the pieces cannot be hidden; it must be from 0 up to 1");
}

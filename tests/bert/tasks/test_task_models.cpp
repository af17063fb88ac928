// Models with a task on top: transformers' logits and losses, gradients, and folders that move both ways.
#include "bert/tasks/task_models.hpp"

#include "autograd/file.hpp"
#include "bert/tasks/task_files.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "nn/gradcheck.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

namespace {

const fs::path tasks = fs::path(GRADUS_FIXTURES) / "bert/tasks";

nn::StateDict expected() { return nn::read_safetensors(tasks / "expected.safetensors"); }

bert::TaskInput input_of(const nn::StateDict& state) {
  return {state.at("input_ids"), state.at("token_type_ids"), state.at("attention_mask")};
}

template <class Model>
Model loaded(const std::string& name) {
  bert::Loaded<Model> loaded = bert::load_task<Model>(tasks / name);
  CHECK(loaded.warnings.empty());
  loaded.model.to(DType::f64);
  loaded.model.eval();
  return std::move(loaded.model);
}

double mean_of(const Tensor& x) { return mean(x).item(); }

/// The places of words and their labels: where the fixture has one.
std::pair<Tensor, Tensor> words_of(const nn::StateDict& state) {
  const std::vector<int64_t> all = state.at("word_labels").to_vector<int64_t>();
  std::vector<int64_t> positions, labels;
  for (size_t i = 0; i < all.size(); ++i) {
    if (all[i] == bert::no_label) continue;
    positions.push_back(static_cast<int64_t>(i));
    labels.push_back(all[i]);
  }
  return {tensor(positions), tensor(labels)};
}

}  // namespace

TEST_CASE("task models: a classifier's logits and loss are those of transformers") {
  const nn::StateDict state = expected();
  const auto model = loaded<bert::BertForSequenceClassification>("classification");
  CHECK(model.task.labels == std::vector<std::string>{"dull", "plain", "glad"});
  CHECK(model.dropout.p == 0.2);
  const Tensor logits = model(input_of(state));
  CHECK(largest_difference(logits, state.at("classification.logits")) < 1e-12);
  CHECK(cross_entropy(logits, state.at("labels")).item() ==
        Approx(state.at("classification.loss").item()).epsilon(1e-12));
}

TEST_CASE("task models: so are those of a regression") {
  const nn::StateDict state = expected();
  const auto model = loaded<bert::BertForSequenceClassification>("regression");
  CHECK(model.task.regression);
  const Tensor said = model(input_of(state));
  CHECK(largest_difference(said, state.at("regression.logits")) < 1e-12);
  const Tensor error = said.squeeze(1) - state.at("numbers");
  CHECK(mean_of(error * error) == Approx(state.at("regression.loss").item()).epsilon(1e-12));
}

TEST_CASE("task models: so are those of labels for words, at the words alone") {
  const nn::StateDict state = expected();
  const auto model = loaded<bert::BertForTokenClassification>("words");
  CHECK_FALSE(model.bert.pooler);
  const auto [positions, labels] = words_of(state);
  const Tensor logits = model(input_of(state), positions);
  CHECK(largest_difference(logits, bert::gather_rows(state.at("words.logits"), positions)) < 1e-12);
  CHECK(cross_entropy(logits, labels).item() == Approx(state.at("words.loss").item()).epsilon(1e-12));
}

TEST_CASE("task models: so are those of answers, and of choices") {
  const nn::StateDict state = expected();
  const auto answers = loaded<bert::BertForQuestionAnswering>("questions");
  const Tensor scores = answers(input_of(state));  // [B, S, 2]
  CHECK(largest_difference(scores, state.at("questions.logits")) < 1e-12);
  const double loss = (cross_entropy(scores.select(2, 0), state.at("starts")).item() +
                       cross_entropy(scores.select(2, 1), state.at("ends")).item()) /
                      2;
  CHECK(loss == Approx(state.at("questions.loss").item()).epsilon(1e-12));

  const auto choice = loaded<bert::BertForMultipleChoice>("choice");
  const Tensor chosen = choice(input_of(state), 2);
  CHECK(chosen.shape() == Shape{2, 2});
  CHECK(largest_difference(chosen, state.at("choice.logits")) < 1e-12);
  CHECK(cross_entropy(chosen, state.at("right")).item() ==
        Approx(state.at("choice.loss").item()).epsilon(1e-12));
  CHECK(fails_with("multiple choice: 4 pairs are not questions of 3 choices each",
                   [&] { choice(input_of(state), 3); }));
}

TEST_CASE("gradcheck: every element of every parameter of the four models with a task") {
  bert::Config config;
  config.vocab_size = 7;
  config.hidden_size = 4;
  config.num_hidden_layers = 1;
  config.num_attention_heads = 2;
  config.intermediate_size = 5;
  config.max_position_embeddings = 5;
  config.initializer_range = 0.5;
  const bert::TaskInput input{tensor<int64_t>({2, 4, 5, 3, 2, 6, 3, 0}, Shape{2, 4}),
                              tensor<int64_t>({0, 0, 1, 1, 0, 0, 0, 0}, Shape{2, 4}),
                              tensor<int64_t>({1, 1, 1, 1, 1, 1, 1, 0}, Shape{2, 4})};
  const auto check_model = [&](const auto& model, auto loss) {
    model.to(DType::f64);
    const GradcheckReport report = nn::gradcheck(model, [&](const auto&) { return loss(model); }, {});
    INFO(to_string(report));
    CHECK(report.passed);
    CHECK(report.inputs.size() == model.named_parameters().size());
  };
  Rng rng(5);
  check_model(
      bert::BertForSequenceClassification(config, {.labels = {"a", "b", "c"}}, rng), [&](const auto& m) {
        return cross_entropy(m(input), tensor<int64_t>({2, 0}), {.weight = tensor<double>({1, 2, 0.5})});
      });
  check_model(bert::BertForTokenClassification(
                  config, {.task = bert::Task::token_classification, .labels = {"a", "b"}}, rng),
              [&](const auto& m) {
                return cross_entropy(m(input, tensor<int64_t>({1, 2, 5})), tensor<int64_t>({1, 0, 1}));
              });
  check_model(bert::BertForQuestionAnswering(config, {.task = bert::Task::question_answering}, rng),
              [&](const auto& m) {
                const Tensor scores = m(input);
                return cross_entropy(scores.select(2, 0), tensor<int64_t>({1, 0})) +
                       cross_entropy(scores.select(2, 1), tensor<int64_t>({2, 2}));
              });
  check_model(bert::BertForMultipleChoice(config, {.task = bert::Task::multiple_choice}, rng),
              [&](const auto& m) { return cross_entropy(m(input, 2), tensor<int64_t>({1})); });
}

TEST_CASE("task files: what is written is read again, with the same logits and labels") {
  const TemporaryFolder folder;
  const nn::StateDict state = expected();
  const auto model = bert::load_task<bert::BertForSequenceClassification>(tasks / "classification").model;
  bert::save_task(folder / "out", model, bert::load_tokenizer(tasks / "classification"));
  const auto again = bert::load_task<bert::BertForSequenceClassification>(folder / "out");
  CHECK(again.warnings.empty());
  CHECK(again.model.task == model.task);
  model.eval();
  again.model.eval();
  CHECK(model(input_of(state)).to_vector<float>() == again.model(input_of(state)).to_vector<float>());
}

TEST_CASE("task files: a pretrained body gets a fresh classifier, a task's own is kept for the same labels") {
  const fs::path pretrained = fs::path(GRADUS_FIXTURES) / "bert/small";
  const auto fresh = bert::start_task<bert::BertForSequenceClassification>(
      pretrained, {.labels = {"bad", "good"}}, {.dropout = 0.3});
  REQUIRE(fresh.warnings.size() == 1);
  CHECK(fresh.warnings[0].find("has no classifier.weight, classifier.bias; fresh weights stand there") !=
        std::string::npos);
  CHECK(fresh.model.bert.config.hidden_dropout_prob == 0.3);
  CHECK(fresh.model.bert.config.attention_probs_dropout_prob == 0.3);

  const bert::TaskConfig same{.labels = {"dull", "plain", "glad"}};
  const auto kept = bert::start_task<bert::BertForSequenceClassification>(tasks / "classification", same);
  CHECK(kept.warnings.empty());
  const auto other = bert::start_task<bert::BertForSequenceClassification>(tasks / "classification",
                                                                           {.labels = {"a", "b", "c"}});
  REQUIRE(other.warnings.size() == 2);
  CHECK(other.warnings[0] ==
        (tasks / "classification/model.safetensors").string() +
            ": its classifier was trained on another task or on other labels and is left out");
  const Tensor mine = kept.model.classifier.weight, others = other.model.classifier.weight;
  CHECK(mine.to_vector<float>() != others.to_vector<float>());
  // A body without a pooler gets a fresh one, and one with a pooler loses it without a word.
  const bert::TaskConfig words{.task = bert::Task::token_classification, .labels = {"O", "B"}};
  CHECK(bert::start_task<bert::BertForTokenClassification>(pretrained, words).warnings.size() == 1);
}

TEST_CASE("task files: a folder of another task, or of none, is refused") {
  const fs::path pretrained = fs::path(GRADUS_FIXTURES) / "bert/small";
  CHECK_THROWS_WITH(bert::load_task<bert::BertForTokenClassification>(tasks / "classification"),
                    (tasks / "classification/config.json").string() +
                        ": is a BertForSequenceClassification, not a BertForTokenClassification");
  CHECK(
      fails_with("the key \"architectures[0]\" is \"BertForPreTraining\", but must be the class of a "
                 "task",
                 [&] { bert::load_task<bert::BertForSequenceClassification>(pretrained); }));
  const bert::TaskConfig words{.task = bert::Task::token_classification, .labels = {"O", "B"}};
  CHECK_THROWS_WITH(bert::start_task<bert::BertForSequenceClassification>(pretrained, words),
                    "a BertForSequenceClassification has no BertForTokenClassification");
  CHECK_THROWS_WITH(bert::start_task<bert::BertForSequenceClassification>(pretrained, {}),
                    "a classifier needs at least one label");
}

TEST_CASE("task models: every pooling is gradient-checked, and padding does not matter to it") {
  using namespace gradus::bert;
  for (const std::string& name : text_pooling_names()) {
    INFO(name);
    Config config = small_config();
    config.vocab_size = 10;
    config.hidden_size = 6;
    config.intermediate_size = 5;
    config.num_hidden_layers = 1;
    config.initializer_range = 0.5;
    Rng rng(7);
    const TaskConfig task{.labels = {"no", "yes"}, .pooling = text_pooling_by_name(name)};
    BertForSequenceClassification model(config, task, rng);
    model.to(DType::f64);
    model.eval();
    const TextRow first{{2, 5, 9, 7, 3}, 5}, second{{2, 6, 3}, 3};
    const std::vector<const TextRow*> both = {&first, &second}, alone = {&second};
    const auto loss = [&](const auto&) {
      return cross_entropy(model(to_input(both, 0)), tensor<int64_t>({1, 0}));
    };
    CHECK(nn::gradcheck(model, loss, {}).passed);
    CHECK(largest_difference(model(to_input(both, 0)).slice(0, 1, 2), model(to_input(alone, 0))) < 1e-12);
    CHECK(task.pooling == text_pooling_by_name(name_of(task.pooling)));
  }
}

TEST_CASE("task models: a folder keeps its pooling, and says that Hugging Face should not read it") {
  using namespace gradus::bert;
  const TemporaryFolder folder;
  Rng rng(7);
  const TaskConfig task{.labels = {"no", "yes"}, .pooling = TextPoolingKind::self_attention};
  const BertForSequenceClassification model(small_config(), task, rng);
  std::vector<std::string> pieces = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  for (char letter = 'a'; letter < 'p'; ++letter) pieces.emplace_back(1, letter);
  const Tokenizer tokenizer{Vocab(pieces)};
  save_task(folder.path() / "m", model, tokenizer);
  CHECK(read_file(folder.path() / "m/config.json").find("\"model_type\": \"gradus-bert\"") !=
        std::string::npos);
  model.eval();
  const auto [again, warnings] = load_task<BertForSequenceClassification>(folder.path() / "m");
  again.eval();
  CHECK(warnings.empty());
  CHECK(again.task.pooling == TextPoolingKind::self_attention);
  const TextRow row{{2, 5, 9, 7, 3}, 5};
  const std::vector<const TextRow*> rows = {&row};
  CHECK(largest_difference(again(to_input(rows, 0)), model(to_input(rows, 0))) < 1e-6);
}

// Two towers: vectors, cosines, both losses, and learning from scored pairs.
#include "bert/tasks/similarity.hpp"

#include <cmath>

#include "autograd/gradcheck.hpp"
#include "autograd/ops.hpp"
#include "bert/tasks/finetuning.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"
#include "support/layers.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;
using test::largest_difference;

namespace {

Tokenizer words() {
  return Tokenizer(Vocab({"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "d", "e", "f", "g"}));
}

SentenceEncoder small_encoder() {
  Config config = test::small_config();
  config.initializer_range = 0.2;
  Rng rng(5);
  return SentenceEncoder(Bert(config, rng));
}

LabelledTexts pairs(const std::vector<std::tuple<std::string, std::string, double>>& rows) {
  LabelledTexts texts;
  texts.file = "pairs.tsv";
  texts.has_pairs = true;
  for (const auto& [first, second, score] : rows)
    texts.rows.push_back({first, second, fmt::format("{}", score), score, std::ssize(texts.rows) + 2});
  return texts;
}

/// Alike are those with the same first letter.
LabelledTexts by_letter(int64_t count, uint64_t seed) {
  Rng rng(seed);
  const std::vector<std::string> letters = {"a", "b", "c"}, fillers = {"d", "e", "f", "g"};
  std::vector<std::tuple<std::string, std::string, double>> rows;
  for (int64_t i = 0; i < count; ++i) {
    const uint64_t one = rng.below(3), other = rng.below(2) == 0 ? one : rng.below(3);
    rows.emplace_back(letters[one] + " " + fillers[rng.below(4)],
                      letters[other] + " " + fillers[rng.below(4)], one == other ? 5 : 1);
  }
  return pairs(rows);
}

}  // namespace

TEST_CASE("similarity: a text's vector is the mean of its pieces, whatever it is padded with") {
  const SentenceEncoder model = small_encoder();
  const LabelledTexts texts = pairs({{"a", "b c d e", 1}, {"c d", "a b", 2}});
  const TowerRows first = tower_rows(words(), texts, false, {}),
                  second = tower_rows(words(), texts, true, {});
  CHECK(first.rows[0].ids == std::vector<TokenId>{2, 5, 3});
  CHECK(second.rows[0].ids == std::vector<TokenId>{2, 6, 7, 8, 9, 3});
  std::vector<TextRow> all = first.rows;
  all.insert(all.end(), second.rows.begin(), second.rows.end());
  const Tensor together = encode(model, all, 0);
  for (size_t i = 0; i < all.size(); ++i) {
    const nn::EvalMode eval(model);
    const TextRow* const row = &all[i];
    const TaskInput input = to_input(std::span(&row, 1), 0);
    const Tensor alone =
        mean(model.bert(input.ids, input.token_type_ids, input.attention_mask).last_hidden, Axes{1})
            .select(0, 0);
    CHECK(largest_difference(together.select(0, static_cast<int64_t>(i)), alone) < 1e-5);
  }
}

TEST_CASE("similarity: cosines of known vectors, and their gradient") {
  const Tensor u = tensor<double>({1, 0, 3, 4, 0, 0}, Shape{3, 2}),
               v = tensor<double>({0, 2, 3, 4, 1, 1}, Shape{3, 2});
  CHECK(cosines(u, v).to_vector<double>() == std::vector<double>{0, 1, 0});
  const auto of_both = [](const auto& in) { return cosines(in[0], in[1]); };
  CHECK(gradcheck(of_both, {test::random_normal({4, 3}, 4), test::random_normal({4, 3}, 5)}).passed);
}

TEST_CASE("similarity: the cosine loss moves scores to 0 ... 1") {
  const LabelledTexts texts = pairs({{"a", "b c", 1}, {"c d", "a", 3}, {"e", "e", 5}});
  const Similarity task(small_encoder(), words(), texts, texts, {});
  const TowerRows first = tower_rows(words(), texts, false, {}),
                  second = tower_rows(words(), texts, true, {});
  const std::vector<double> cos =
      cosines(encode(task.model(), first.rows, 0), encode(task.model(), second.rows, 0))
          .to(DType::f64)
          .to_vector<double>();
  double wanted = 0;
  for (size_t i = 0; i < 3; ++i) wanted += std::pow(cos[i] - 0.5 * static_cast<double>(i), 2) / 3;
  CHECK(cos[2] == Approx(1));
  task.model().eval();
  CHECK(task.loss(std::vector<int64_t>{0, 1, 2}).item() == Approx(wanted).epsilon(1e-4));
}

TEST_CASE("similarity: the contrastive loss sets each pair against the second texts of the batch") {
  const LabelledTexts texts = pairs({{"a", "b c", 5}, {"c d", "a", 1}, {"e", "e f", 4}});
  SimilarityOptions options;
  options.loss = SimilarityLoss::contrastive;
  options.temperature = 0.2;
  options.alike_from = 4;
  const Similarity task(small_encoder(), words(), texts, texts, options);
  CHECK(task.rows() == 2);  // the pair of score 1 is not learnt from
  CHECK(!task.can_be_cut());
  const LabelledTexts alike = pairs({{"a", "b c", 5}, {"e", "e f", 4}});
  const Tensor u = encode(task.model(), tower_rows(words(), alike, false, {}).rows, 0);
  const Tensor v = encode(task.model(), tower_rows(words(), alike, true, {}).rows, 0);
  const auto cos = [&](int64_t i, int64_t j) {
    return cosines(u.slice(0, i, i + 1), v.slice(0, j, j + 1)).item() / 0.2;
  };
  double wanted = 0;
  for (int64_t i = 0; i < 2; ++i)
    wanted += (std::log(std::exp(cos(i, 0)) + std::exp(cos(i, 1))) - cos(i, i)) / 2;
  task.model().eval();
  CHECK(task.loss(std::vector<int64_t>{0, 1}).item() == Approx(wanted).epsilon(1e-4));
  Similarity again = task;
  CHECK(error_text([&] { FinetuneLearner(again, {.rows_at_once = 1}); }) ==
        "the loss of this task compares all rows of a batch with each other, so they must be in memory at "
        "once");
}

TEST_CASE("similarity: both losses learn which pairs are alike, and the folder is that of a BERT") {
  for (const SimilarityLoss loss : {SimilarityLoss::cosine, SimilarityLoss::contrastive}) {
    SimilarityOptions options;
    options.loss = loss;
    options.alike_from = 5;
    Similarity task(small_encoder(), words(), by_letter(120, 1), by_letter(60, 2), options);
    FinetuneLearner learner(task, {.batch_rows = 16});
    const TemporaryFolder folder;
    LoopOptions how;
    how.steps = 60;
    how.warmup = 0;
    how.learning_rate = 5e-3;
    how.settings = "test";
    TrainingLoop(learner, how, folder.path() / "run").run();
    CHECK(learner.findings().figures[0].name == "Spearman");
    CHECK(learner.findings().value() > 0.75);
    const Bert saved = load_bert(folder.path() / "run").model;
    const std::vector<TextRow> rows = tower_rows(words(), by_letter(4, 3), false, {}).rows;
    CHECK(largest_difference(encode(SentenceEncoder(saved), rows, 0), encode(task.model(), rows, 0)) < 1e-6);
  }
}

TEST_CASE("similarity: tables that teach nothing are refused") {
  const auto refusal = [](LabelledTexts texts, SimilarityOptions options = {}) {
    return error_text([&] { Similarity(small_encoder(), words(), texts, texts, options); });
  };
  LabelledTexts single = pairs({{"a", "", 1}});
  single.has_pairs = false;
  CHECK(refusal(single) == "pairs.tsv: names no column 'pair', and similarity is learnt from pairs");
  CHECK(refusal(pairs({{"a", "b", 2}, {"c", "d", 2}})) ==
        "pairs.tsv: every pair has the score 2, so there is nothing to learn");
  SimilarityOptions contrastive;
  contrastive.loss = SimilarityLoss::contrastive;
  contrastive.alike_from = 4;
  CHECK(refusal(pairs({{"a", "b", 2}, {"c", "d", 5}}), contrastive) ==
        "pairs.tsv: fewer than two pairs have a score of 4 or more, so there is nothing to tell apart");
  SimilarityOptions windows;
  windows.fit.fit = Fit::windows;
  CHECK(refusal(pairs({{"a", "b", 2}, {"c", "d", 5}}), windows) ==
        "two towers give a text one vector, so it cannot have several windows");
}

TEST_CASE("similarity: a figure that is not defined counts as 0") {
  const Findings found =
      judge_cosines(pairs({{"a", "b", 2}, {"c", "d", 5}}), {0.5, 0.5}, Detail::figures_only);
  CHECK(found.value() == 0);
}

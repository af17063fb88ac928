// What a classifier's words come to: figures, intervals, worst answers, and guesses beside them.
#include "bert/tasks/classification.hpp"

#include <cmath>

#include "autograd/ops.hpp"
#include "bert/metrics/correlation.hpp"
#include "support/catch.hpp"
#include "support/error_text.hpp"

using namespace gradus;
using namespace gradus::bert;
using test::error_text;

namespace {

LabelledTexts table(const std::vector<std::pair<std::string, std::string>>& rows) {
  LabelledTexts texts;
  texts.file = "table.tsv";
  for (const auto& [text, label] : rows)
    texts.rows.push_back({text, "", label, 0, static_cast<int64_t>(texts.rows.size()) + 2});
  return texts;
}

LabelledTexts numbers(const std::vector<double>& values) {
  LabelledTexts texts;
  texts.file = "numbers.tsv";
  for (const double value : values) texts.rows.push_back({"a", "", fmt::format("{}", value), value, 1});
  return texts;
}

double figure(const Findings& findings, const std::string& name) {
  for (const Figure& figure : findings.figures)
    if (figure.name == name) return figure.value;
  FAIL("there is no figure " << name);
  return 0;
}

const TaskConfig no_yes{.labels = {"no", "yes"}};

}  // namespace

TEST_CASE("judge: labels are scored with accuracy, macro F1, Matthews and the mean loss") {
  const LabelledTexts texts = table({{"one", "no"}, {"two", "no"}, {"three", "yes"}, {"four", "yes"}});
  // Right, wrong (surely), right, right; 2 / (1 + e) and so on are the losses.
  const Tensor said = tensor<double>({1, 0, 0, 5, 0, 1, 0, 1}, Shape{4, 2});
  const Findings found = judge(no_yes, texts, said, Detail::all);
  CHECK(found.examples == 4);
  CHECK(found.figures[0].name == "accuracy");
  CHECK(found.value() == 0.75);
  CHECK(figure(found, "macro F1") == Approx((2.0 / 3 + 0.8) / 2));
  CHECK(figure(found, "Matthews") == Approx(1 / std::sqrt(3.0)));
  CHECK(figure(found, "loss") ==
        Approx((3 * std::log1p(std::exp(-1.0)) + 5 + std::log1p(std::exp(-5.0))) / 4));
  CHECK(found.figures[0].low < 0.75);
  CHECK(found.figures[0].high > 0.75);
  CHECK(found.classes == std::vector<std::string>{"no", "yes"});
  CHECK((*found.confusion)(0, 1) == 1);
  REQUIRE(found.worst.size() == 1);
  CHECK(found.worst[0].text == "two");
  CHECK(found.worst[0].truth == "no");
  CHECK(found.worst[0].said == "yes");
  CHECK(found.worst[0].loss == Approx(5 + std::log1p(std::exp(-5.0))));

  const Findings quick = judge(no_yes, texts, said, Detail::figures_only);
  CHECK(quick.value() == found.value());
  CHECK(std::isnan(quick.figures[0].low));
  CHECK(quick.worst.empty());
}

TEST_CASE("judge: numbers are scored with R2, Pearson, Spearman and the squared error") {
  const TaskConfig task{.labels = {"LABEL_0"}, .regression = true};
  const Findings found =
      judge(task, numbers({1, 2, 3, 6}), tensor<double>({1, 3, 2, 6}, Shape{4, 1}), Detail::all);
  CHECK(found.figures[0].name == "R2");
  CHECK(found.value() == Approx(1 - 2.0 / 14));
  CHECK(figure(found, "Spearman") == Approx(0.8));
  CHECK(figure(found, "Pearson") == Approx(13.0 / 14));
  CHECK(figure(found, "loss") == Approx(0.5));
  CHECK(found.worst[0].loss == Approx(1));
  CHECK(found.worst[0].said == "3");
}

TEST_CASE("judge: a label that the task does not have is named with its line") {
  const LabelledTexts texts = table({{"one", "no"}, {"two", "perhaps"}});
  CHECK(error_text([&] {
          judge(no_yes, texts, zeros({2, 2}), Detail::all);
        }) == "table.tsv, line 3: there is no label 'perhaps'; the labels are no, yes");
}

TEST_CASE("worst_of lists the wrong answers with the largest losses, and no more than twenty") {
  std::vector<double> losses;
  for (int i = 0; i < 50; ++i) losses.push_back(i % 7);
  std::vector<bool> is_wrong(50, true);
  is_wrong[6] = false;
  const std::vector<size_t> worst = worst_of(losses, is_wrong);
  REQUIRE(worst.size() == worst_shown);
  CHECK(worst[0] == 13);  // 6 is right; of equal losses the first
  CHECK(worst[1] == 20);
  CHECK(losses[worst.back()] == 4);
}

TEST_CASE("guesses: the most frequent label, and a bag of words that tells the second text from the first") {
  LabelledTexts training, scored;
  training.file = scored.file = "pairs.tsv";
  training.has_pairs = scored.has_pairs = true;
  for (int i = 0; i < 12; ++i) {  // "yes" where the second text has "x"; both texts have it in turn
    const bool yes = i % 3 != 0;
    training.rows.push_back({yes ? "a" : "x", yes ? "x" : "a", yes ? "yes" : "no", 0, i + 2});
  }
  scored.rows = {{"a", "x", "yes", 0, 2}, {"x", "a", "no", 0, 3}};
  const Baselines found = guesses_at(no_yes, training, scored);
  REQUIRE(found.size() == 2);
  CHECK(found[0] == std::pair<std::string, double>("most frequent label", 0.5));
  CHECK(found[1] == std::pair<std::string, double>("bag of words", 1.0));
}

TEST_CASE("guesses: for numbers the mean, and for pairs a line over the words that they share") {
  const TaskConfig task{.labels = {"LABEL_0"}, .regression = true};
  LabelledTexts training = numbers({1, 2, 3, 6}), scored = numbers({2, 4});
  CHECK(guesses_at(task, training, scored).size() == 1);
  CHECK(guesses_at(task, training, scored)[0].second ==
        Approx(0).margin(1e-12));  // the mean is 3, theirs too
  training.has_pairs = scored.has_pairs = true;
  training.rows = {{"a b", "a b", "5", 5, 2}, {"a b", "c d", "1", 1, 3}};  // 5 = 4 overlap + 1
  scored.rows = {{"c d", "c d", "5", 5, 2}, {"c", "d", "1", 1, 3}};
  const Baselines found = guesses_at(task, training, scored);
  REQUIRE(found.size() == 2);
  CHECK(found[1].first == "word overlap");
  CHECK(found[1].second == Approx(1));
}

TEST_CASE("r_squared: 1 for the truth, 0 for its mean, below that for worse, 0 where nothing varies") {
  const std::vector<double> truth = {1, 2, 3};
  CHECK(r_squared(truth, truth) == 1);
  CHECK(r_squared(truth, std::vector<double>{2, 2, 2}) == 0);
  CHECK(r_squared(truth, std::vector<double>{3, 2, 1}) == Approx(-3));
  CHECK(r_squared(std::vector<double>{2, 2}, std::vector<double>{2, 2}) == 0);
}

#include "bert/metrics/classification.hpp"

#include "bert/metrics/metric_fixtures.hpp"
#include "support/catch.hpp"

using namespace gradus;
using bert::ClassScore;
using bert::ConfusionMatrix;

using Classes = std::vector<int64_t>;

TEST_CASE("metrics: classes are scored as scikit-learn does") {
  int cases = 0;
  for (const auto& fixture : metric_cases("classification.json")) {
    INFO(fixture.dump());
    ++cases;
    const auto classes = fixture["classes"].get<int64_t>();
    const auto truth = fixture["truth"].get<Classes>();
    const ConfusionMatrix matrix(truth, fixture["predicted"].get<Classes>(), classes);
    CHECK(matrix.classes() == classes);
    CHECK(matrix.examples() == static_cast<int64_t>(truth.size()));
    CHECK(same_figure(matrix.accuracy(), fixture["accuracy"]));
    CHECK(same_figure(matrix.macro_f1(), fixture["macro_f1"]));
    CHECK(same_figure(matrix.matthews(), fixture["matthews"]));
    for (int64_t k = 0; k < classes; ++k) {
      const auto place = static_cast<size_t>(k);
      const ClassScore score = matrix.score(k);
      CHECK(same_figure(score.precision, fixture["precision"][place]));
      CHECK(same_figure(score.recall, fixture["recall"][place]));
      CHECK(same_figure(score.f1, fixture["f1"][place]));
      CHECK(score.truly == fixture["support"][place]);
      for (int64_t p = 0; p < classes; ++p)
        CHECK(matrix(k, p) == fixture["matrix"][place][static_cast<size_t>(p)]);
    }
  }
  CHECK(cases == 15);
}

TEST_CASE("metrics: a confusion matrix by hand") {
  // Two of class 0 were taken for class 1, none the other way. Class 2 has nobody.
  const Classes truth = {0, 0, 0, 1}, predicted = {0, 1, 1, 1};
  const ConfusionMatrix matrix(truth, predicted, 3);
  CHECK(matrix(0, 1) == 2);
  CHECK(matrix(1, 0) == 0);
  CHECK(matrix.accuracy() == 0.5);
  CHECK(matrix.score(0).precision == 1);
  CHECK(matrix.score(0).recall == 1.0 / 3);
  CHECK(matrix.score(0).f1 == 0.5);
  CHECK(matrix.score(2).f1 == 0);
  CHECK(same_figure(matrix.macro_f1(), 1.0 / 3));
  // (1 * 1 - 2 * 0) / sqrt(3 * 1 * 3 * 1), as Matthews has it for two classes
  CHECK(same_figure(matrix.matthews(), 1.0 / 3));
}

TEST_CASE("metrics: what cannot be a confusion matrix is refused") {
  const Classes none, one = {0}, two = {0, 1}, minus = {0, -1};
  CHECK_THROWS_WITH(ConfusionMatrix(one, two, 2),
                    "confusion matrix: 1 true and 2 predicted classes; each example needs both");
  CHECK_THROWS_WITH(ConfusionMatrix(none, none, 2), "confusion matrix: there is no example to count");
  CHECK_THROWS_WITH(ConfusionMatrix(one, one, 0), "confusion matrix: 0 classes, but one is the least");
  CHECK_THROWS_WITH(ConfusionMatrix(two, two, 1),
                    "confusion matrix: the true class 1 at place 1 is not one of 0 to 0");
  CHECK_THROWS_WITH(ConfusionMatrix(two, minus, 2),
                    "confusion matrix: the predicted class -1 at place 1 is not one of 0 to 1");
  const ConfusionMatrix matrix(two, two, 2);
  CHECK_THROWS_WITH(matrix.score(2), "confusion matrix: class 2 is not one of 0 to 1");
  CHECK_THROWS_WITH(matrix(0, -1), "confusion matrix: class -1 is not one of 0 to 1");
}

#include "bert/metrics/correlation.hpp"

#include "bert/metrics/metric_fixtures.hpp"
#include "support/catch.hpp"

using namespace gradus;

using Numbers = std::vector<double>;

TEST_CASE("metrics: correlations and errors are those of scipy and numpy") {
  int cases = 0, unknown = 0;
  for (const auto& fixture : metric_cases("correlation.json")) {
    INFO(fixture.dump());
    ++cases;
    const Numbers x = numbers(fixture["x"]), y = numbers(fixture["y"]);
    const double theirs = number_or_nan(fixture["pearson"]);
    unknown += std::isnan(theirs) ? 1 : 0;
    CHECK(same_figure(bert::pearson(x, y), theirs));
    CHECK(same_figure(bert::spearman(x, y), number_or_nan(fixture["spearman"])));
    if (!fixture["mean_squared_error"].is_null())
      CHECK(same_figure(bert::mean_squared_error(x, y), fixture["mean_squared_error"]));
  }
  CHECK(cases == 14);
  CHECK(unknown == 3);
}

TEST_CASE("metrics: a correlation by hand") {
  const Numbers x = {1, 2, 3}, y = {2, 4, 6}, down = {9, 4, 1}, ties = {1, 1, 2, 3};
  CHECK(same_figure(bert::pearson(x, y), 1));
  CHECK(same_figure(bert::spearman(x, down), -1));
  // Ranks less their mean: -3/2, -1/2, 1/2, 3/2 and, for the two that share 1 and 2, -1, -1, 1/2, 3/2
  const Numbers four = {1, 2, 3, 4};
  CHECK(same_figure(bert::spearman(four, ties), 4.5 / std::sqrt(5 * 4.5)));
  CHECK(same_figure(bert::mean_squared_error(x, y), 14.0 / 3));
}

TEST_CASE("metrics: a constant side has no correlation, and infinity none of Pearson's") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Numbers x = {1, 2, 3}, constant = {0.1, 0.1, 0.1}, endless = {1, 2, infinity};
  CHECK(std::isnan(bert::pearson(x, constant)));
  CHECK(std::isnan(bert::pearson(constant, x)));
  CHECK(std::isnan(bert::spearman(constant, x)));
  CHECK(std::isnan(bert::pearson(x, endless)));
  CHECK(same_figure(bert::spearman(x, endless), 1));
}

TEST_CASE("metrics: lists of numbers that do not go together are refused") {
  const Numbers none, one = {1}, two = {1, 2};
  CHECK_THROWS_WITH(bert::pearson(one, two), "pearson: x has length 1 and y 2; each needs its partner");
  CHECK_THROWS_WITH(bert::pearson(one, one), "pearson: needs 2 or more values on each side, but has 1");
  CHECK_THROWS_WITH(bert::spearman(one, two), "spearman: x has length 1 and y 2; each needs its partner");
  CHECK_THROWS_WITH(bert::spearman(none, none), "spearman: needs 2 or more values on each side, but has 0");
  CHECK_THROWS_WITH(bert::mean_squared_error(one, two),
                    "mean squared error: x has length 1 and y 2; each needs its partner");
  CHECK_THROWS_WITH(bert::mean_squared_error(none, none),
                    "mean squared error: needs 1 or more values on each side, but has 0");
}

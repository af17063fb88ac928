#include "bert/metrics/bootstrap.hpp"

#include "autograd/random.hpp"
#include "bert/metrics/metric_fixtures.hpp"
#include "support/catch.hpp"

using namespace gradus;
using bert::bootstrap;
using bert::BootstrapInterval;
using bert::BootstrapOptions;

using Drawn = std::span<const size_t>;

namespace {

double mean_of(const std::vector<double>& x, Drawn drawn) {
  double sum = 0;
  for (const size_t i : drawn) sum += x[i];
  return sum / static_cast<double>(drawn.size());
}

double deviation_of(const std::vector<double>& x, Drawn drawn) {
  const double mean = mean_of(x, drawn);
  double sum = 0;
  for (const size_t i : drawn) sum += (x[i] - mean) * (x[i] - mean);
  return std::sqrt(sum / static_cast<double>(drawn.size()));
}

}  // namespace

TEST_CASE("metrics: the bootstrap's interval is scipy's, but for the numbers that are drawn") {
  int cases = 0;
  for (const auto& fixture : metric_cases("bootstrap.json")) {
    INFO(fixture.dump());
    ++cases;
    const auto x = fixture["x"].get<std::vector<double>>();
    const bool mean = fixture["metric"] == "mean";
    const double low = fixture["low"], high = fixture["high"];
    BootstrapOptions options;
    options.resamples = 20000;
    options.level = fixture["level"];
    const BootstrapInterval interval = bootstrap(
        x.size(), [&](Drawn d) { return mean ? mean_of(x, d) : deviation_of(x, d); }, options);
    CHECK(same_figure(interval.value, fixture["value"]));
    CHECK(std::abs(interval.low - low) < 0.03 * (high - low));
    CHECK(std::abs(interval.high - high) < 0.03 * (high - low));
    CHECK(interval.left_out == 0);
  }
  CHECK(cases == 4);
}

TEST_CASE("metrics: the bounds are quantiles of the resamples, linear between neighbours") {
  // The metric counts its calls: the first is that of all examples, so the resamples are 1, 2, ... 11.
  double call = 0;
  BootstrapOptions options;
  options.resamples = 11;
  options.level = 0.9;
  const BootstrapInterval interval = bootstrap(
      3, [&](Drawn) { return call++; }, options);
  CHECK(interval.value == 0);
  CHECK(same_figure(interval.low, 1.5));
  CHECK(same_figure(interval.high, 10.5));
}

TEST_CASE("metrics: the bootstrap draws the same on every machine, from its seed alone") {
  const auto draws = [](uint64_t seed) {
    std::vector<std::vector<size_t>> all;
    BootstrapOptions options;
    options.resamples = 3;
    options.seed = seed;
    bootstrap(
        5,
        [&](Drawn drawn) {
          all.emplace_back(drawn.begin(), drawn.end());
          return 0.0;
        },
        options);
    return all;
  };
  const auto first = draws(7);
  REQUIRE(first.size() == 4);
  CHECK(first[0] == std::vector<size_t>{0, 1, 2, 3, 4});  // the value itself: each example once
  for (size_t r = 0; r < 3; ++r) {
    Rng stream = Rng(7).split(r);
    for (const size_t i : first[r + 1]) CHECK(i == stream.below(5));
  }
  CHECK(draws(7) == first);
  CHECK(draws(8) != first);
}

TEST_CASE("metrics: resamples without a figure are left out of the bounds and counted") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  // NaN where only one of the two examples was drawn, which is so for about half of the resamples.
  const BootstrapInterval some = bootstrap(2, [&](Drawn drawn) { return drawn[0] == drawn[1] ? nan : 4.0; });
  CHECK(some.value == 4);
  CHECK(some.low == 4);
  CHECK(some.high == 4);
  CHECK(some.left_out > 400);
  CHECK(some.left_out < 600);
  const BootstrapInterval none = bootstrap(2, [&](Drawn) { return nan; });
  CHECK(none.left_out == 1000);
  CHECK(std::isnan(none.low));
  CHECK(std::isnan(none.high));
}

TEST_CASE("metrics: a bootstrap that cannot be is refused") {
  const auto one = [](Drawn) { return 1.0; };
  CHECK_THROWS_WITH(bootstrap(0, one), "bootstrap: there is no example to draw");
  BootstrapOptions options;
  options.resamples = 0;
  CHECK_THROWS_WITH(bootstrap(1, one, options), "bootstrap: 0 resamples, but one is the least");
  options.resamples = 1;
  for (const double level : {0.0, 1.0}) {
    options.level = level;
    CHECK_THROWS_WITH(bootstrap(1, one, options),
                      level == 0 ? "bootstrap: the level is 0, but must be between 0 and 1"
                                 : "bootstrap: the level is 1, but must be between 0 and 1");
  }
}

TEST_CASE("metrics: the bootstrap of several figures gives the interval that each has alone") {
  const std::vector<double> x = {1, 5, 2, 8, 3, 3, 9};
  const auto mean = [&](Drawn drawn) { return mean_of(x, drawn); };
  const auto deviation = [&](Drawn drawn) {
    const double value = deviation_of(x, drawn);
    return value > 3 ? std::numeric_limits<double>::quiet_NaN() : value;
  };
  const auto both = bert::bootstrap_all(x.size(), [&](Drawn drawn) {
    return std::vector<double>{mean(drawn), deviation(drawn)};
  });
  REQUIRE(both.size() == 2);
  const BootstrapInterval alone[] = {bootstrap(x.size(), mean), bootstrap(x.size(), deviation)};
  CHECK(alone[1].left_out > 0);
  for (size_t k : {0, 1}) {
    CHECK(both[k].value == alone[k].value);
    CHECK(both[k].low == alone[k].low);
    CHECK(both[k].high == alone[k].high);
    CHECK(both[k].left_out == alone[k].left_out);
  }
}

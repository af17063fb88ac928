// Figures with their intervals: where draws of the same examples say nothing, and what holds then.
#include "bert/metrics/findings.hpp"

#include <cmath>

#include "support/catch.hpp"

using namespace gradus::bert;

namespace {

/// The mean of these numbers, as figure_of has it.
Figure mean_of(const std::vector<double>& numbers, Detail detail = Detail::all) {
  return figure_of("mean", numbers.size(), detail, [&](std::span<const size_t> which) {
    double sum = 0;
    for (const size_t i : which) sum += numbers[i];
    return sum / static_cast<double>(which.size());
  });
}

}  // namespace

TEST_CASE("figures: draws that all come to the same give no interval") {
  const Figure spread = mean_of({0, 1, 1, 0, 1});
  CHECK(spread.low < spread.value);
  CHECK(spread.value < spread.high);
  for (const double same : {0.0, 0.25, 1.0}) {
    const Figure figure = mean_of(std::vector<double>(7, same));
    CHECK(figure.value == same);
    CHECK(std::isnan(figure.low));
    CHECK(std::isnan(figure.high));
  }
}

TEST_CASE("figures: of a share that is all or nothing the bound is where 5 of 100 draws would show it") {
  for (const int64_t n : {1, 20, 200, 4000}) {
    Figure right = mean_of(std::vector<double>(static_cast<size_t>(n), 1));
    bound_certainty(right, n, Detail::all);
    CHECK(right.high == 1);
    // With this share of right ones, n drawn ones are all right in 5 of 100 cases.
    CHECK(std::pow(right.low, static_cast<double>(n)) == Approx(0.05));
    Figure wrong = mean_of(std::vector<double>(static_cast<size_t>(n), 0));
    bound_certainty(wrong, n, Detail::all);
    CHECK(wrong.low == 0);
    CHECK(wrong.high == Approx(1 - right.low));
    // The rule of three.
    if (n >= 200) CHECK(std::abs(wrong.high * static_cast<double>(n) - 3) < 0.03);
  }
}

TEST_CASE("figures: a bound is set where there is no interval, of shares of 0 and 1 alone") {
  const auto bounded = [](Figure figure, int64_t n, Detail detail = Detail::all) {
    bound_certainty(figure, n, detail);
    return figure;
  };
  const Figure some = mean_of({0, 1, 1, 0, 1});
  CHECK(bounded(some, 5).low == some.low);
  CHECK(std::isnan(bounded({"share", 0.5}, 5).low));
  CHECK(std::isnan(bounded({"share", 1}, 5, Detail::figures_only).low));
  CHECK(std::isnan(bounded({"share of none", 1}, 0).low));
  CHECK(std::isnan(bounded({"share"}, 5).low));
  CHECK(bounded({"share", 1}, 5).low == Approx(std::pow(0.05, 0.2)));
}

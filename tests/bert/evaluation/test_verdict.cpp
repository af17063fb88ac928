// What figures mean, in words.
#include "bert/evaluation/verdict.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace gradus::bert;

namespace {
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("a model below two neighbours is told what would help") {
  const std::string below =
      "Below the baseline: two neighbours get 40.0 % of the masked tokens right, this model 30.0 %.";
  CHECK(below_baseline(0.3, 0.4) == below + " Longer training would help, or more text.");
  CHECK(below_baseline(0.3, 0.4, 3'000'000, 1'000'000) ==
        below + " Longer training would help: this run saw its text 3.0 times.");
  CHECK(
      below_baseline(0.3, 0.4, 3'000, 1'000) ==
      below +
          " Longer training would help: this run saw its text 3.0 times. More text would help: this one has "
          "1,000 tokens.");
  CHECK(below_baseline(0.3, 0.4, 90'000'000, 1'000'000) ==
        below + " More text would help: this one has 1,000,000 tokens.");
  for (const auto& [accuracy, baseline] : {std::pair{0.4, 0.4}, {0.5, 0.4}, {kNan, 0.4}, {0.3, kNan}}) {
    CHECK(below_baseline(accuracy, baseline).empty());
  }
}

TEST_CASE("a model that gives every pair one answer is said to") {
  const auto sentence = [](const std::string& answer) {
    return "It says of nearly every pair that B " + answer +
           ", so it is right of one kind and wrong of the other: it does not tell them apart yet, and "
           "guessing gets "
           "50 %.";
  };
  CHECK(one_answer(1, 0) == sentence("follows"));
  CHECK(one_answer(0.05, 0.95) == sentence("is random"));
  for (const auto& [next, random] : {std::pair{0.8, 0.2}, {0.95, 0.9}, {0.0, 0.0}, {kNan, kNan}}) {
    CHECK(one_answer(next, random).empty());
  }
}

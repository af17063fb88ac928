// What figures mean, in words.
#include "bert/evaluation/verdict.hpp"

#include <limits>

#include "support/catch.hpp"

using namespace gradus::bert;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
}

TEST_CASE("a model below two neighbours is told what would help") {
  const std::string below =
      "Below the baseline: two neighbours get 40.0 % of the masked tokens right, this model 30.0 %.";
  const MaskScore model = {0.3, 20}, neighbours = {0.4, 15};
  CHECK(below_baseline(model, neighbours) == below + " Longer training would help, or more text.");
  CHECK(below_baseline(model, neighbours, 3'000'000, 1'000'000) ==
        below + " Longer training would help: this run saw its training text 3.0 times.");
  CHECK(below_baseline(model, neighbours, 3'000, 1'000) ==
        below +
            " Longer training would help: this run saw its training text 3.0 times. More text would help: "
            "this one has "
            "1,000 tokens.");
  CHECK(below_baseline(model, neighbours, 90'000'000, 1'000'000) ==
        below + " More text would help: this one has 1,000,000 tokens.");
  CHECK(below_baseline(model, neighbours, 100, 1) == below + " More text would help: this one has 1 token.");
  // Before the first pass is over more of the text is to be had, however small it is.
  CHECK(below_baseline(model, neighbours, 300, 1'000) ==
        below + " Longer training would help: this run saw 30 % of its training text.");
  CHECK(below_baseline(model, neighbours, 999, 1'000) ==
        below + " Longer training would help: this run saw 99 % of its training text.");
  CHECK(below_baseline(model, neighbours, 9, 1'000) ==
        below + " Longer training would help: this run saw less than 1 % of its training text.");
}

TEST_CASE("a model below two neighbours by perplexity alone is told so") {
  const std::string below =
      "Below the baseline by perplexity: that of two neighbours is 15.00, of this model 15.50, which is too "
      "sure of its guesses where they are wrong.";
  CHECK(below_baseline({0.5, 15.5}, {0.4, 15}) == below + " Longer training would help, or more text.");
  CHECK(below_baseline({0.4, 15.5}, {0.4, 15}, 90'000, 1'000) ==
        below + " More text would help: this one has 1,000 tokens.");
  CHECK(below_baseline({0.1, std::numeric_limits<double>::infinity()}, {0.4, 15}, 90'000, 1'000) ==
        "Below the baseline: two neighbours get 40.0 % of the masked tokens right, this model 10.0 %. The "
        "training has "
        "broken down: a smaller learning rate would help.");
  for (const auto& [model, baseline] : {std::pair<MaskScore, MaskScore>{{0.4, 15}, {0.4, 15}},
                                        {{0.5, 14}, {0.4, 15}},
                                        {{not_a_number, 14}, {0.4, 15}},
                                        {{0.3, 14}, {not_a_number, 15}},
                                        {{0.5, not_a_number}, {0.4, 15}},
                                        {{0.5, 15}, {0.4, not_a_number}}}) {
    CHECK(below_baseline(model, baseline).empty());
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
  for (const auto& [next, random] :
       {std::pair{0.8, 0.2}, {0.95, 0.9}, {0.0, 0.0}, {not_a_number, not_a_number}}) {
    CHECK(one_answer(next, random).empty());
  }
}

// Two sets of weights side by side.
#include "bert/checkpoint/compare.hpp"

#include <cmath>
#include <limits>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

TEST_CASE("compare_weights: names of one alone, shapes that differ, and the largest difference of the rest") {
  const nn::StateDict first = {{"a", tensor<float>({1, 2, 3})},
                               {"b", tensor<float>({1, 2})},
                               {"c", tensor<float>({0.5F})},
                               {"d", tensor<float>({7})},
                               {"x", tensor<float>({0})}};
  const nn::StateDict second = {{"a", tensor<float>({1, 1.75F, 3.125F})},
                                {"b", tensor<float>({1, 2}, Shape{2, 1})},
                                {"c", tensor<double>({0.5})},  // the same number, whatever its dtype
                                {"d", tensor<float>({-7})},
                                {"y", tensor<float>({0})},
                                {"z", tensor<float>({0})}};
  const WeightComparison found = compare_weights(first, second);
  CHECK(found.only_first == std::vector<std::string>{"x"});
  CHECK(found.only_second == std::vector<std::string>{"y", "z"});
  REQUIRE(found.misshaped.size() == 1);
  CHECK(found.misshaped[0].name == "b");
  CHECK(found.misshaped[0].first == Shape{2});
  CHECK(found.misshaped[0].second == Shape{2, 1});
  REQUIRE(found.differences.size() == 3);
  CHECK(found.differences[0].name == "a");
  CHECK(found.differences[0].largest == 0.25);
  CHECK(found.differences[1].name == "c");
  CHECK(found.differences[1].largest == 0);
  CHECK(found.differences[2].largest == 14);
  CHECK(found.worst()->name == "d");
  CHECK_FALSE(found.is_same());
}

TEST_CASE("compare_weights: the same weights are the same, and each way of not being so is seen") {
  const nn::StateDict one = {{"a", tensor<float>({1, -2})}};
  CHECK(compare_weights(one, one).is_same());
  CHECK(compare_weights({}, {}).is_same());
  CHECK(compare_weights({}, {}).worst() == nullptr);
  CHECK_FALSE(compare_weights(one, {}).is_same());
  CHECK_FALSE(compare_weights({}, one).is_same());
  CHECK_FALSE(compare_weights(one, {{"a", tensor<float>({1, -2}, Shape{2, 1})}}).is_same());
  CHECK_FALSE(compare_weights(one, {{"a", tensor<float>({1, std::nextafter(-2.0F, 0.0F)})}}).is_same());
}

TEST_CASE("compare_weights: NaN is more than any difference, infinity beside itself none") {
  const float nan = std::numeric_limits<float>::quiet_NaN(),
              infinity = std::numeric_limits<float>::infinity();
  const nn::StateDict first = {{"a", tensor<float>({nan, 9})}, {"b", tensor<float>({infinity})}};
  const WeightComparison found =
      compare_weights(first, {{"a", tensor<float>({1, 0})}, {"b", tensor<float>({-infinity})}});
  CHECK(std::isnan(found.differences[0].largest));
  CHECK(found.differences[1].largest == infinity);
  CHECK(found.worst()->name == "a");
  CHECK(compare_weights({{"b", first.at("b")}}, {{"b", first.at("b")}}).is_same());
}

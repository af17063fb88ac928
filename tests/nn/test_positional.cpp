// Positions and segments: against their formulas, their gradients, and what they refuse.
#include <cmath>

#include "nn/positional.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("sinusoids are what the paper says, and a shift is a rotation", "[positional]") {
  const Tensor P = sinusoids(50, 6);
  CHECK(P.shape() == Shape{50, 6});
  CHECK(P.at({0, 0}) == 0);
  CHECK(P.at({0, 1}) == 1);
  CHECK(P.at({7, 0}) == Approx(std::sin(7.0)));
  CHECK(P.at({7, 3}) == Approx(std::cos(7.0 / std::pow(10000.0, 2.0 / 6))));
  CHECK(P.at({49, 4}) == Approx(std::sin(49.0 / std::pow(10000.0, 4.0 / 6))));
  for (int64_t pair = 0; pair < 3; ++pair) {
    const double angle = 5 / std::pow(10000.0, 2.0 * static_cast<double>(pair) / 6);
    for (const int64_t p : {0, 11, 30}) {
      const double s = P.at({p, 2 * pair}), c = P.at({p, 2 * pair + 1});
      CHECK(P.at({p + 5, 2 * pair}) == Approx(s * std::cos(angle) + c * std::sin(angle)));
      CHECK(P.at({p + 5, 2 * pair + 1}) == Approx(c * std::cos(angle) - s * std::sin(angle)));
    }
  }
  CHECK(sinusoids(3, 5).at({2, 4}) == Approx(std::sin(2 / std::pow(10000.0, 4.0 / 5))));  // an odd H
}

TEST_CASE("sinusoidal positions are added, without parameters", "[positional]") {
  const SinusoidalPositions positions(6, 4);
  CHECK(positions.named_parameters().empty());
  const Tensor x = random_normal({2, 3, 4}, 1);
  CHECK(worst_difference(positions(x) - x, positions.table.slice(0, 0, 3).expand({2, 3, 4})) < 1e-15);
  CHECK(worst_difference(positions(x, 3) - x, positions.table.slice(0, 3, 6).expand({2, 3, 4})) < 1e-15);
  CHECK(positions(x.to(DType::f32)).dtype() == DType::f32);
  check_gradients(positions, [&](const auto& in) { return positions(in[0] * in[0], 1); }, {x});
  CHECK_THROWS_WITH(positions(ones({2, 7, 4})),
                    "sinusoidal positions: a sequence of 7 that begins at position 0 does not fit into the 6 "
                    "positions");
  CHECK_THROWS_AS(positions(ones({2, 7, 4})), IndexError);
  CHECK_THROWS_WITH(
      positions(ones({2, 3, 4}), -1),
      "sinusoidal positions: a sequence of 3 that begins at position -1 does not fit into the 6 "
      "positions");
  CHECK_THROWS_WITH(positions(ones({3, 4})), "sinusoidal positions: x must be [B, S, 4], not [3, 4]");
}

TEST_CASE("learned positions are rows of a table", "[positional]") {
  Rng rng(1);
  const LearnedPositions positions(5, 4, rng);
  const Tensor x = random_normal({2, 3, 4}, 2);
  check_gradients(positions, [&](const auto& in) { return tanh(positions(in[0])); }, {x});
  check_gradients(positions, [&](const auto& in) { return tanh(positions(in[0], 2)); }, {x});
  CHECK(worst_difference(positions(x, 2) - x, positions.weight.slice(0, 2, 5).expand({2, 3, 4})) < 1e-15);
  CHECK_THROWS_WITH(
      positions(x, 3),
      "learned positions: a sequence of 3 that begins at position 3 does not fit into the 5 positions");
  CHECK_THROWS_WITH(positions(ones({2, 3, 5})), "learned positions: x must be [B, S, 4], not [2, 3, 5]");
}

TEST_CASE("a segment's row is added to each of its tokens", "[positional]") {
  Rng rng(1);
  const SegmentEmbedding segments(2, 4, rng);
  const Tensor x = random_normal({2, 3, 4}, 3), ids = tensor({0, 0, 1, 0, 1, 1}, Shape{2, 3});
  check_gradients(segments, [&](const auto& in) { return tanh(segments(in[0], ids)); }, {x});
  const Tensor added = segments(x, ids) - x;
  CHECK(worst_difference(added.select(0, 0).select(0, 2), segments.weight.select(0, 1)) < 1e-15);
  CHECK_THROWS_AS(segments(x, tensor({0, 0, 2, 0, 1, 1}, Shape{2, 3})), IndexError);
  CHECK_THROWS_WITH(
      segments(x, tensor({0, 1, 1})),
      "segment embedding: x [2, 3, 4] and segment ids [3] do not fit: they must be [B, S, 4] and "
      "[B, S]");
}

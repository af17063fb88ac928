// Sizes of layers at the ends of int64: refused with a sentence, never multiplied beyond them.
#include "nn/attention/multi_head.hpp"
#include "nn/init.hpp"
#include "nn/positional.hpp"
#include "nn/transformer/feed_forward.hpp"
#include "support/catch.hpp"

using namespace gradus;

TEST_CASE("layers of impossible sizes are refused", "[sizes]") {
  Rng rng(1);
  constexpr int64_t most = INT64_MAX;
  CHECK_THROWS_WITH(nn::Linear(most, most, rng),
                    "shape [9223372036854775807, 9223372036854775807] has more elements than can be counted");
  CHECK_THROWS_WITH(nn::Linear(3, INT64_MIN, rng),
                    "linear: out must be at least 0, not -9223372036854775808");
  CHECK_THROWS_WITH(nn::init::xavier_uniform()({most, most}, rng),
                    "shape [9223372036854775807, 9223372036854775807] has more elements than can be counted");
  CHECK_THROWS_WITH(nn::MultiHeadAttention(-8, 2, rng), "linear: out must be at least 0, not -8");
  CHECK_THROWS_WITH(nn::sinusoids(most, 2),
                    "shape [9223372036854775807, 2] has more elements than can be counted");
  const nn::LearnedPositions positions(4, 2, rng);
  CHECK_THROWS_WITH(
      positions(zeros({1, 3, 2}), most),
      "learned positions: a sequence of 3 that begins at position 9223372036854775807 does not fit into "
      "the 4 positions");
  CHECK_THROWS_WITH(
      nn::gated_width(most, 1),
      "gated_width: the width 9223372036854775807 and the multiple 1 must be at most 576460752303423488");
  CHECK(nn::gated_width(int64_t{1} << 59, 1) == 384307168202282325);
}

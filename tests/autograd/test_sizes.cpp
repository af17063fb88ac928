// Sizes, indices and steps at the ends of int64: refused by name, or right.
#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr int64_t most = INT64_MAX, least = INT64_MIN, large = int64_t{1} << 62;
using Ints = std::vector<int64_t>;

}  // namespace

TEST_CASE("sizes: a slice with a huge step shows its first index", "[sizes]") {
  const Tensor x = arange(12).reshape({4, 3});
  for (const int64_t step : {int64_t{4}, large, most - 1, most}) {
    const Tensor y = x.slice(0, 0, 4, step);
    CHECK(y.shape() == Shape{1, 3});
    CHECK(y.to_vector<int64_t>() == Ints{0, 1, 2});
    CHECK(x.slice(0, 2, 2, step).shape() == Shape{0, 3});
    check_gradients([step](const Inputs& in) { return in[0].slice(0, 1, 4, step); }, random_inputs({{4, 3}}));
  }
  CHECK_THROWS_WITH(x.slice(0, 0, 4, least), "slice: the step must be 1 or more, not -9223372036854775808");
  CHECK_THROWS_WITH(x.slice(0, least, 4), "slice: [-9223372036854775808, 4) is outside axis 0 of [4, 3]");
  CHECK_THROWS_WITH(x.slice(0, 0, most), "slice: [0, 9223372036854775807) is outside axis 0 of [4, 3]");
  CHECK_THROWS_WITH(x.slice(most, 0, 1), "slice: a tensor of shape [4, 3] has no axis 9223372036854775807");
  CHECK_THROWS_WITH(x.select(0, least), "select: index -9223372036854775808 is outside axis 0 of [4, 3]");
  CHECK_THROWS_WITH(x.at({least, 0}),
                    "at: index [-9223372036854775808, 0] is outside a tensor of shape [4, 3]");
}

TEST_CASE("sizes: expand keeps a size at -1 and refuses what is no size", "[sizes]") {
  const Tensor x = arange(3).reshape({3, 1});
  CHECK(x.expand({-1, 2}).to_vector<int64_t>() == Ints{0, 0, 1, 1, 2, 2});
  CHECK(x.expand({2, -1, -1}).shape() == Shape{2, 3, 1});
  CHECK(x.expand({3, 0}).shape() == Shape{3, 0});
  check_gradients([](const Inputs& in) { return in[0].expand({2, -1, 3}); }, random_inputs({{4, 1}}));
  const std::string why = ": sizes are 0 or more, or -1 where an axis keeps its own";
  CHECK_THROWS_WITH(ones({1}).expand({-9}), "expand: size -9 in [-9] for a tensor of shape [1]" + why);
  CHECK_THROWS_WITH(x.expand({-1, 3, 1}), "expand: size -1 in [-1, 3, 1] for a tensor of shape [3, 1]" + why);
  CHECK_THROWS_WITH(
      x.expand({3, least}),
      "expand: size -9223372036854775808 in [3, -9223372036854775808] for a tensor of shape [3, 1]" + why);
  CHECK_THROWS_WITH(x.expand({-1}), "expand: shape [3, 1] does not broadcast to [-1]");
}

TEST_CASE("sizes: products of sizes never overflow, not even beside a 0", "[sizes]") {
  CHECK_THROWS_WITH(zeros({large, 2, 0}),
                    "shape [4611686018427387904, 2, 0] has larger strides than can be counted");
  CHECK_THROWS_WITH(ones({1, 0}).expand({large, 2, 0}),
                    "shape [4611686018427387904, 2, 0] has larger strides than can be counted");
  CHECK_THROWS_WITH(
      zeros({0}).reshape({0, large, large}),
      "shape [0, 4611686018427387904, 4611686018427387904] has larger strides than can be counted");
  CHECK_THROWS_WITH(
      zeros({4}).reshape({large, large, -1}),
      "reshape: shape [4611686018427387904, 4611686018427387904, -1] has more elements than can be counted");
  CHECK_THROWS_WITH(arange(-1), "a tensor cannot have shape [-1]: a size is negative");
  CHECK_THROWS_WITH(eye(large),
                    "shape [4611686018427387904, 4611686018427387904] has more elements than can be "
                    "counted");
  CHECK_THROWS_WITH(
      zeros({most / 8}, DType::f64),
      "a tensor of f64 and shape [1152921504606846975] needs 9.22e+09 GB, more memory than there is");
  // An empty tensor of legal size, cut at the ends of its axes: no offset may add them up.
  Tensor x = zeros({1, 1, large, 0});
  for (const int axis : {0, 1, 2}) x = x.slice(axis, x.size(axis), x.size(axis));
  CHECK(x.numel() == 0);
  CHECK(sum(x).item() == 0);
  // Nor does a gradient walk along a long axis of nothing.
  const Tensor wide = zeros({large, 0}).requires_grad();
  CHECK(grad({sum(wide.slice(0, 0, large, 2))}, {wide})[0].shape() == Shape{large, 0});
}

TEST_CASE("sizes: attention over keys that repeat one element", "[sizes]") {
  const auto rows = [](int64_t n, int64_t width) { return ones({1, 1, 1, 1}).expand({1, 1, n, width}); };
  CHECK_THROWS_WITH(
      scaled_dot_product_attention(rows(large, 1), rows(large, 1), rows(large, 1)),
      "shape [1, 1, 4611686018427387904, 4611686018427387904] has more elements than can be counted");
  CHECK_THROWS_WITH(
      scaled_dot_product_attention(rows(2, 1), rows(large / 2, 1), rows(large / 2, 1)),
      "a tensor of f32 and shape [1, 1, 2, 2305843009213693952] needs 1.84e+10 GB, more memory than "
      "there is");
  CHECK(to_string(rows(large, large / large).squeeze(0).squeeze(0).squeeze(1)) == "[1. 1. 1. ... 1. 1. 1.]");
}

TEST_CASE("sizes: joining, cutting and padding count without overflow", "[sizes]") {
  const Tensor wide = zeros({1, 0}).expand({large, 0}), x = zeros({2, 3});
  CHECK_THROWS_WITH(concat({wide, wide}, 0),
                    "concat: axis 0 of all 2 parts together has more indices than can be counted");
  CHECK_THROWS_WITH(split(x, {large, large, large, large, 2}, 0),
                    "split: sizes [4611686018427387904, 4611686018427387904, 4611686018427387904, "
                    "4611686018427387904, 2] do not add up to axis 0 of [2, 3]");
  CHECK_THROWS_WITH(split(x, {1, -most, most, 1}, 0), "split: a part of size -9223372036854775807");
  CHECK_THROWS_WITH(
      pad(x, 1, most, most),
      "pad: 9223372036854775807 and 9223372036854775807 elements around axis 1 of [2, 3] are more than "
      "can be counted");
  CHECK_THROWS_WITH(
      pad(x, 1, most - 3, 1),
      "pad: 9223372036854775804 and 1 elements around axis 1 of [2, 3] are more than can be counted");
}

TEST_CASE("sizes: arguments at the ends of int64", "[sizes]") {
  const Tensor x = tensor({1.0, 2.0, 3.0});
  for (const int64_t correction : {int64_t{3}, int64_t{4}, most}) {
    CHECK(std::isnan(var(x, {}, false, correction).item()));
  }
  CHECK(var(x, {}, false, least).item() == Approx(2.0 / 9223372036854775808.0));
  CHECK(var(x, {}, false, -1).item() == 0.5);
  for (const auto& f : {cross_entropy, composed::cross_entropy}) {
    for (const int64_t ignored : {least, most}) {
      const Tensor logits = zeros({2, 4}, DType::f64), targets = tensor({ignored, int64_t{1}});
      CHECK(f(logits, targets, {.ignore_index = ignored}).item() == Approx(std::log(4.0)));
    }
  }
  Rng rng(3);
  for (int i = 0; i < 100; ++i) {
    const int64_t any = rng.between(least, most), low = rng.between(least, least + 1);
    CHECK((any >= least && low <= least + 1));
  }
}

TEST_CASE("sizes: whole numbers wrap around, and are never made of what does not fit", "[sizes]") {
  const Tensor ends = tensor({most, least});
  CHECK((ends + 1.0).to_vector<int64_t>() == Ints{least, least + 1});
  CHECK((ends + ends).to_vector<int64_t>() == Ints{-2, 0});
  CHECK((ends - tensor({least, most})).to_vector<int64_t>() == Ints{-1, 1});
  CHECK((ends * ends).to_vector<int64_t>() == Ints{1, 0});
  CHECK((-ends).to_vector<int64_t>() == Ints{-most, least});
  CHECK(sum(tensor({most, most})).item() == -2);
  Tensor added = ends.clone();
  added.add_(ends, 2);
  CHECK(added.to_vector<int64_t>() == Ints{most - 2, least});
  CHECK(scatter_add(ends, 0, tensor({0}), tensor({1})).to_vector<int64_t>() == Ints{least, least});
  CHECK(tensor({-0x1p63, 2.9}).to(DType::i64).to_vector<int64_t>() == Ints{least, 2});
  CHECK_THROWS_WITH(tensor({0x1p63}).to(DType::i64), "to: 9.223372036854776e+18 does not fit into i64");
  CHECK_THROWS_WITH(tensor({-1e30f}).to(DType::i64), "to: -1e+30 does not fit into i64");
  CHECK_THROWS_WITH(tensor({not_a_number}).to(DType::i64), "to: nan does not fit into i64");
  CHECK_THROWS_WITH(added.copy_(tensor({infinity, 1.0})), "copy_: inf does not fit into i64");
}

// Views and joins: reshape, transpose, permute, slice, select, expand, squeeze, unsqueeze, clone, to, concat,
// stack, split, pad, sum_to. (Which views share memory: test_tensor.cpp.)
#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Ints = std::vector<int64_t>;
using Values = std::vector<double>;

Ints ints(const Tensor& x) { return x.to_vector<int64_t>(); }
Tensor counting(const Shape& shape) { return arange(shape.numel()).reshape(shape); }

/// A view has the gradient 1 for every element it shows; squares make the gradient depend on the element.
void check_view(const std::function<Tensor(const Tensor&)>& view, const Shape& shape) {
  check_layouts([&](const Inputs& x) { return view(x[0]); }, {shape});
  check_layouts([&](const Inputs& x) { return view(x[0] * x[0]) * 0.5; }, {shape});
}

}  // namespace

TEST_CASE("concat and stack: values along every axis", "[ops]") {
  const Tensor a = counting({2, 2}), b = counting({2, 1}) + 10.0, c = counting({1, 2}) + 20.0;
  CHECK(ints(concat({a, b}, 1)) == Ints{0, 1, 10, 2, 3, 11});
  CHECK(ints(concat({a, c}, 0)) == Ints{0, 1, 2, 3, 20, 21});
  CHECK(ints(concat({a, b}, -1)) == Ints{0, 1, 10, 2, 3, 11});
  CHECK(ints(concat({a}, 0)) == Ints{0, 1, 2, 3});
  CHECK(concat({zeros({0, 2}), ones({1, 2})}, 0).shape() == Shape{1, 2});
  CHECK(ints(stack({a, a + 4.0}, 0)) == Ints{0, 1, 2, 3, 4, 5, 6, 7});
  CHECK(ints(stack({a, a + 4.0}, 1)) == Ints{0, 1, 4, 5, 2, 3, 6, 7});
  CHECK(ints(stack({a, a + 4.0}, -1)) == Ints{0, 4, 1, 5, 2, 6, 3, 7});
  CHECK(stack({scalar(1), scalar(2)}, 0).to_vector<float>() == std::vector<float>{1, 2});
  CHECK(ints(concat({a.transpose(0, 1), a}, 0)) == Ints{0, 2, 1, 3, 0, 1, 2, 3});
  CHECK(concat({tensor({true}), tensor({false})}, 0).to_vector<bool>() == std::vector<bool>{true, false});
}

TEST_CASE("split: views that follow one another", "[ops]") {
  const Tensor x = counting({2, 5});
  const std::vector<Tensor> parts = split(x, {2, 0, 3}, 1);
  REQUIRE(parts.size() == 3);
  CHECK(ints(parts[0]) == Ints{0, 1, 5, 6});
  CHECK(parts[1].shape() == Shape{2, 0});
  CHECK(ints(parts[2]) == Ints{2, 3, 4, 7, 8, 9});
  for (const Tensor& part : parts) CHECK(part.shares_memory_with(x));
  CHECK(ints(concat(split(x, {1, 1}, 0), 0)) == ints(x));
}

TEST_CASE("pad: adds on both sides of an axis", "[ops]") {
  const Tensor x = counting({2, 2});
  CHECK(ints(pad(x, 1, 1, 2, 7)) == Ints{7, 0, 1, 7, 7, 7, 2, 3, 7, 7});
  CHECK(ints(pad(x, 0, 1, 0)) == Ints{0, 0, 0, 1, 2, 3});
  CHECK(ints(pad(x, 0, 0, 0)) == ints(x));
  CHECK(ints(pad(zeros({0}, DType::i64), 0, 1, 1, 3)) == Ints{3, 3});
}

TEST_CASE("sum_to: sums what a broadcast had repeated", "[ops]") {
  const Tensor x = counting({2, 3});
  CHECK(ints(sum_to(x, {3})) == Ints{3, 5, 7});
  CHECK(ints(sum_to(x, {2, 1})) == Ints{3, 12});
  CHECK(ints(sum_to(x, {1, 1})) == Ints{15});
  CHECK(sum_to(x, {}).shape() == Shape{});
  CHECK(sum_to(x, {2, 3}).shares_memory_with(x));
  CHECK(ints(sum_to(zeros({0, 3}, DType::i64), {1, 3})) == Ints{0, 0, 0});
}

TEST_CASE("slice and select: values", "[ops]") {
  const Tensor x = counting({3, 4});
  CHECK(ints(x.slice(0, 1, 3)) == Ints{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(ints(x.slice(-1, 1, 4, 2)) == Ints{1, 3, 5, 7, 9, 11});
  CHECK(ints(x.slice(1, 0, 4, 3)) == Ints{0, 3, 4, 7, 8, 11});
  CHECK(x.slice(0, 2, 2).shape() == Shape{0, 4});
  CHECK(x.slice(0, 3, 3).numel() == 0);
  CHECK(ints(x.slice(1, 0, 4, 9)) == Ints{0, 4, 8});
  CHECK(ints(x.select(0, -1)) == Ints{8, 9, 10, 11});
  CHECK(ints(x.select(1, 2)) == Ints{2, 6, 10});
}

TEST_CASE("squeeze without an axis: every axis of size 1 goes, and nothing is copied", "[ops]") {
  const Tensor x = random_tensor({1, 3, 1, 2, 1}, 4);
  CHECK(x.squeeze().shape() == Shape{3, 2});
  CHECK(x.squeeze().shares_memory_with(x));
  CHECK(x.permute({4, 3, 2, 1, 0}).squeeze().strides() == Shape{1, 2});
  CHECK(ones({1, 1}).squeeze().shape() == Shape{});
  CHECK(ones({2, 0}).squeeze().shape() == Shape{2, 0});
  check_gradients([](const Inputs& in) { return in[0].squeeze(); }, random_inputs({{1, 3, 1, 2}}));
}

TEST_CASE("reshape: gradients", "[ops][gradient]") {
  check_view([](const Tensor& x) { return x.reshape({4, 6}); }, {2, 3, 4});
  check_view([](const Tensor& x) { return x.reshape({-1}); }, {2, 3, 4});
  check_view([](const Tensor& x) { return x.reshape({2, 1, 12, 1}); }, {2, 3, 4});
  check_gradients([](const Inputs& x) { return x[0].reshape({1, 1}); }, random_inputs({{}}));
  check_empty([](const Inputs& x) { return x[0].reshape({3, 0}); }, {{0, 2}});
}

TEST_CASE("transpose and permute: gradients", "[ops][gradient]") {
  check_view([](const Tensor& x) { return x.transpose(0, -1); }, {2, 3, 4});
  check_view([](const Tensor& x) { return x.transpose(1, 1); }, {2, 3, 4});
  check_view([](const Tensor& x) { return x.permute({1, 2, 0}); }, {2, 3, 4});
  check_view([](const Tensor& x) { return x.permute({-1, 0, 1}); }, {2, 3, 4});
  check_empty([](const Inputs& x) { return x[0].transpose(0, 1); }, {{0, 2}});
}

TEST_CASE("slice: gradients for every step", "[ops][gradient]") {
  for (int64_t step = 1; step <= 4; ++step) {
    check_view([step](const Tensor& x) { return x.slice(2, 0, 4, step); }, {2, 3, 4});
    check_view([step](const Tensor& x) { return x.slice(1, 1, 3, step); }, {2, 3, 4});
  }
  check_view([](const Tensor& x) { return x.select(1, -1); }, {2, 3, 4});
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([n](const Inputs& x) { return x[0].slice(0, 0, n, 2); }, random_inputs({{n}}));
  }
  check_empty([](const Inputs& x) { return x[0].slice(0, 1, 1); }, {{2, 2}});
  check_empty([](const Inputs& x) { return x[0].slice(0, 0, 0, 2); }, {{0, 2}});
}

TEST_CASE("expand, squeeze, unsqueeze: gradients", "[ops][gradient]") {
  check_gradients([](const Inputs& x) { return x[0].expand({2, 3, 4}); }, random_inputs({{3, 1}}));
  check_gradients([](const Inputs& x) { return x[0].expand({5}); }, random_inputs({{}}));
  check_gradients([](const Inputs& x) { return exp(x[0]).expand({2, 3}); }, random_inputs({{2, 1}}));
  check_view([](const Tensor& x) { return x.unsqueeze(0); }, {2, 3});
  check_view([](const Tensor& x) { return x.unsqueeze(-1); }, {2, 3});
  check_view([](const Tensor& x) { return x.squeeze(1); }, {2, 1, 3});
  check_empty([](const Inputs& x) { return x[0].expand({0, 3}); }, {{1, 3}});
}

TEST_CASE("clone, contiguous and to: gradients", "[ops][gradient]") {
  check_view([](const Tensor& x) { return x.clone(); }, {2, 3});
  check_view([](const Tensor& x) { return x.transpose(0, 1).contiguous(); }, {2, 3});
  Tensor x = tensor({1.5, 2.5}).requires_grad();
  const Tensor dx = grad({sum(x.to(DType::f32) * 3)}, {x})[0];
  CHECK(dx.dtype() == DType::f64);
  CHECK(values(dx) == Values{3, 3});
  CHECK(!x.to(DType::i64).needs_grad());
}

TEST_CASE("concat, stack, split: gradients", "[ops][gradient]") {
  check_layouts([](const Inputs& x) { return concat({x[0], x[1], x[0]}, 1); }, {{2, 3}, {2, 2}});
  check_layouts([](const Inputs& x) { return concat({x[0] * x[1], x[1]}, 0); }, {{2, 3}, {2, 3}});
  for (const int64_t axis : {0, 1, 2, -1}) {
    check_layouts([axis](const Inputs& x) { return stack({x[0], x[1]}, axis); }, {{2, 3}, {2, 3}});
  }
  check_view(
      [](const Tensor& x) {
        const std::vector<Tensor> parts = split(x, {1, 2, 1}, -1);
        return parts[0] * parts[2] + sum(parts[1], Axes{-1}, true);
      },
      {2, 3, 4});
  check_empty([](const Inputs& x) { return concat({x[0], x[1]}, 0); }, {{0, 2}, {0, 2}});
  check_gradients([](const Inputs& x) { return concat({x[0], x[1]}, 0); }, random_inputs({{0, 2}, {3, 2}}));
}

TEST_CASE("pad and sum_to: gradients", "[ops][gradient]") {
  for (const int64_t axis : {0, 1, -1}) {
    check_view([axis](const Tensor& x) { return pad(x, axis, 2, 1, 3); }, {2, 3, 4});
  }
  check_view([](const Tensor& x) { return sum_to(x, {3, 1}); }, {2, 3, 4});
  check_view([](const Tensor& x) { return sum_to(x, {1, 1, 4}); }, {2, 3, 4});
  check_empty([](const Inputs& x) { return sum_to(x[0], {1, 2}); }, {{0, 2}});
  check_gradients([](const Inputs& x) { return pad(x[0], 0, 1, 2, 5); }, random_inputs({{0, 2}}));
}

TEST_CASE("layout: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3});
  CHECK_THROWS_WITH(concat({}, 0), "concat: there is nothing to join");
  CHECK_THROWS_WITH(stack({}, 0), "stack: there is nothing to join");
  CHECK_THROWS_WITH(concat({x, zeros({3, 2})}, 0), "concat: shapes [2, 3] and [3, 2] differ outside axis 0");
  CHECK_THROWS_WITH(concat({x, zeros({2})}, 0), "concat: shapes [2, 3] and [2] differ outside axis 0");
  CHECK_THROWS_WITH(concat({x, x}, 2), "concat: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(concat({scalar(1)}, 0), "concat: a tensor of shape [] has no axis 0");
  CHECK_THROWS_WITH(concat({x, zeros({2, 3}, DType::f64)}, 0),
                    "concat: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(stack({x, zeros({3, 2})}, 0), "stack: shapes [2, 3] and [3, 2] differ");
  CHECK_THROWS_WITH(stack({x, zeros({2, 3}, DType::f64)}, 0),
                    "stack: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(split(x, {1, 1}, 1), "split: sizes [1, 1] do not add up to axis 1 of [2, 3]");
  CHECK_THROWS_WITH(split(x, Ints(10, 1), 1),
                    "split: sizes [1, 1, 1, 1, 1, 1, 1, 1, 1, 1] do not add up to axis 1 of [2, 3]");
  CHECK_THROWS_WITH(split(x, {4, -1}, 1), "split: a part of size -1");
  CHECK_THROWS_WITH(split(x, {1}, 2), "split: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(pad(x, 0, -1, 2), "pad: cannot add -1 and 2 elements");
  CHECK_THROWS_WITH(pad(x, 2, 0, 0), "pad: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(sum_to(x, {2}),
                    "sum_to: shapes [2] and [2, 3] do not broadcast: sizes 3 and 2 differ "
                    "and neither is 1");
  CHECK_THROWS_WITH(sum_to(zeros({1}), {3}), "sum_to: [1] is not a broadcast of [3]");
  CHECK_THROWS_WITH(sum_to(zeros({3}), {1, 3}), "sum_to: [3] is not a broadcast of [1, 3]");
  CHECK_THROWS_WITH(x.expand({3}), "expand: shape [2, 3] does not broadcast to [3]");
  CHECK_THROWS_WITH(ones({2, 3}).expand({2, 1}), "expand: shape [2, 3] does not broadcast to [2, 1]");
}

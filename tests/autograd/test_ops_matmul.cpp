// Products: matmul over any strides and batch dimensions, and linear.
#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

Tensor matmul_op(const Inputs& x) { return matmul(x[0], x[1]); }
Tensor linear_op(const Inputs& x) { return linear(x[0], x[1], x[2]); }
Tensor linear_twin(const Inputs& x) { return matmul(x[0], x[1].transpose(0, 1)) + x[2]; }

/// [M, K] times [K, N] by sums.
Tensor slow_product(const Tensor& a, const Tensor& b) {
  return sum(a.unsqueeze(2) * b.unsqueeze(0), Axes{1});  // [M, K, 1] * [1, K, N] -> [M, N]
}

}  // namespace

TEST_CASE("matmul: values", "[ops]") {
  const Tensor a = tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, Shape{2, 3});
  const Tensor b = tensor({1.0, 0.0, 0.0, 1.0, 2.0, -1.0}, Shape{3, 2});
  CHECK(values(matmul(a, b)) == Values{7, -1, 16, -1});
  CHECK(values(matmul(b.transpose(0, 1), a.transpose(0, 1))) == Values{7, 16, -1, -1});
  CHECK(values(matmul(a.slice(1, 0, 3, 2), b.slice(0, 0, 2))) == Values{1, 3, 4, 6});
  CHECK(values(matmul(eye(3, DType::f64), b)) == values(b));
}

TEST_CASE("matmul: a vector is a row on the left and a column on the right", "[ops]") {
  const Tensor v = tensor({1.0, 2.0}), m = tensor({1.0, 2.0, 3.0, 4.0}, Shape{2, 2});
  CHECK(matmul(v, v).shape() == Shape{});
  CHECK(matmul(v, v).item() == 5);
  CHECK(values(matmul(v, m)) == Values{7, 10});
  CHECK(values(matmul(m, v)) == Values{5, 11});
  CHECK(matmul(v, ones({3, 2, 4}, DType::f64)).shape() == Shape{3, 4});
  CHECK(matmul(ones({3, 4, 2}, DType::f64), v).shape() == Shape{3, 4});
}

TEST_CASE("matmul: batch dimensions broadcast", "[ops]") {
  const Tensor a = random_tensor({2, 1, 3, 4}, 1), b = random_tensor({5, 4, 2}, 2);
  const Tensor y = matmul(a, b);
  REQUIRE(y.shape() == Shape{2, 5, 3, 2});
  for (const int64_t i : {0, 1}) {
    for (const int64_t j : {0, 3, 4}) {
      const Tensor expected = slow_product(a.select(0, i).select(0, 0), b.select(0, j));
      CHECK(difference(y.select(0, i).select(0, j), expected) < 1e-14);
    }
  }
}

TEST_CASE("matmul: sizes around the tiles of the kernel, every transposition", "[ops]") {
  for (const int64_t n : {1, 2, 3, 5, 7, 8, 9, 13, 17, 33}) {
    const Tensor a = random_tensor({n, n + 1}, 3), b = random_tensor({n + 1, n + 2}, 4);
    const Tensor at = a.transpose(0, 1).clone().transpose(0, 1),
                 bt = b.transpose(0, 1).clone().transpose(0, 1);
    const Tensor expected = slow_product(a, b);
    for (const Tensor& left : {a, at}) {
      for (const Tensor& right : {b, bt}) CHECK(difference(matmul(left, right), expected) < 1e-13);
    }
    CHECK(difference(matmul(a.to(DType::f32), bt.to(DType::f32)), expected.to(DType::f32)) < 2e-5);
  }
}

TEST_CASE("matmul: no elements, and an inner dimension of 0 gives zeros", "[ops]") {
  CHECK(values(matmul(zeros({2, 0}), zeros({0, 3}))) == Values(6, 0));
  CHECK(matmul(zeros({0, 2}), zeros({2, 3})).shape() == Shape{0, 3});
  CHECK(matmul(zeros({0, 2, 3}), zeros({3, 4})).shape() == Shape{0, 2, 4});
  CHECK(matmul(zeros({0}), zeros({0})).item() == 0);
}

TEST_CASE("matmul: gradients in every layout", "[ops][gradient]") {
  check_layouts(matmul_op, {{3, 4}, {4, 2}});
  check_layouts(matmul_op, {{2, 3, 4}, {2, 4, 5}});
  check_layouts(matmul_op, {{4}, {4, 3}});
  check_layouts(matmul_op, {{3, 4}, {4}});
  check_layouts(matmul_op, {{4}, {4}});
}

TEST_CASE("matmul: gradients of broadcast batches", "[ops][gradient]") {
  const std::vector<std::vector<Shape>> pairs = {{{2, 3, 4}, {4, 2}},
                                                 {{3, 4}, {2, 4, 2}},
                                                 {{2, 1, 3, 4}, {3, 4, 2}},
                                                 {{1, 1, 1}, {2, 1, 1}},
                                                 {{4}, {2, 4, 3}}};
  for (const auto& shapes : pairs) check_gradients(matmul_op, random_inputs(shapes));
  check_gradients([](const Inputs& x) { return matmul(x[0], x[0].transpose(0, 1)); },
                  random_inputs({{3, 4}}));
}

TEST_CASE("matmul: gradients of sizes 1 to 17", "[ops][gradient]") {
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients(matmul_op, random_inputs({{2, n}, {n, 2}}));
    check_gradients(matmul_op, random_inputs({{n, 2}, {2, 1}}));
  }
}

TEST_CASE("matmul and linear: gradients of empty operands", "[ops][gradient]") {
  check_empty(matmul_op, {{0, 2}, {2, 3}});
  check_empty(matmul_op, {{2, 0}, {0, 3}});
  check_empty(matmul_op, {{0, 2, 3}, {3, 4}});
  check_empty(linear_op, {{0, 3}, {2, 3}, {2}});
  check_empty(linear_op, {{2, 0, 3}, {2, 3}, {2}});
  check_gradients(linear_op, random_inputs({{2, 0}, {3, 0}, {3}}));
}

TEST_CASE("linear: is x W^T + bias", "[ops]") {
  const Tensor x = tensor({1.0, 2.0}), w = tensor({1.0, 0.0, 0.0, 1.0, 1.0, 1.0}, Shape{3, 2});
  CHECK(values(linear(x, w)) == Values{1, 2, 3});
  CHECK(values(linear(x, w, tensor({10.0, 20.0, 30.0}))) == Values{11, 22, 33});
  CHECK(linear(ones({2, 0, 2}), ones({3, 2})).shape() == Shape{2, 0, 3});
  CHECK(values(linear(ones({2, 0}), ones({3, 0}), tensor({1.0f, 2.0f, 3.0f}))) == Values{1, 2, 3, 1, 2, 3});
}

TEST_CASE("linear: equals matmul and add, forward and gradients", "[ops][fused]") {
  check_twins(linear_op, linear_twin, random_inputs({{3}, {4, 3}, {4}}));
  check_twins(linear_op, linear_twin, random_inputs({{2, 5, 3}, {4, 3}, {4}}));
  check_twins(linear_op, linear_twin, random_inputs({{7, 17}, {9, 17}, {9}}), 1e-12, 1e-5);
  Inputs views = random_inputs({{3, 5, 2}, {3, 4}, {8}});
  views = {views[0].permute({2, 1, 0}), views[1].transpose(0, 1), views[2].slice(0, 0, 8, 2)};
  check_twins(linear_op, linear_twin, views);
}

TEST_CASE("linear: gradients with and without bias", "[ops][gradient]") {
  check_layouts(linear_op, {{2, 3, 4}, {5, 4}, {5}});
  check_layouts([](const Inputs& x) { return linear(x[0], x[1]); }, {{3, 4}, {2, 4}});
  for (int64_t n = 1; n <= 17; ++n) check_gradients(linear_op, random_inputs({{2, n}, {2, n}, {2}}));
}

TEST_CASE("products: misuse is named", "[ops][misuse]") {
  const Tensor a = zeros({2, 3}), d = zeros({3, 2}, DType::f64);
  CHECK_THROWS_WITH(matmul(a, zeros({4, 5})),
                    "matmul: a [2, 3] and b [4, 5]: inner dimensions 3 and 4 differ");
  CHECK_THROWS_WITH(matmul(a, zeros({4})), "matmul: a [2, 3] and b [4]: inner dimensions 3 and 4 differ");
  CHECK_THROWS_WITH(matmul(zeros({4}), a), "matmul: a [4] and b [2, 3]: inner dimensions 4 and 2 differ");
  CHECK_THROWS_WITH(matmul(a, d), "matmul: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(matmul(arange(3), arange(3)), "matmul: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(matmul(a, scalar(1)), "matmul: a [2, 3] and b []: a scalar is no matrix");
  CHECK_THROWS_WITH(matmul(scalar(1), a), "matmul: a [] and b [2, 3]: a scalar is no matrix");
  CHECK_THROWS_WITH(matmul(zeros({2, 1, 3}), zeros({4, 3, 1})),
                    "matmul: shapes [2] and [4] do not broadcast: sizes 2 and 4 differ and neither is 1");
  CHECK_THROWS_WITH(linear(a, zeros({4})), "linear: the weight must be [out, in], not [4]");
  CHECK_THROWS_WITH(linear(a, zeros({4, 2})),
                    "linear: x [2, 3] and weight [4, 2]: the last dimension of x must be 2");
  CHECK_THROWS_WITH(linear(scalar(1), zeros({4, 2})),
                    "linear: x [] and weight [4, 2]: the last dimension of x must be 2");
  CHECK_THROWS_WITH(linear(a, zeros({4, 3}), zeros({3})),
                    "linear: bias [3] for a weight [4, 3]: it must be [4]");
  CHECK_THROWS_WITH(linear(a, d), "linear: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(linear(a, zeros({4, 3}), zeros({4}, DType::f64)),
                    "linear: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(linear(arange(3), arange(3).reshape({1, 3})), "linear: takes f32 or f64, not i64");
}

// Comparison and choice: equal, less, logical_and, logical_not, where, masked_fill, is_finite.

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Bools = std::vector<bool>;
using Values = std::vector<double>;

/// Uneven true and false.
Tensor random_mask(const Shape& shape, uint64_t seed) {
  return less(random_tensor(shape, seed, {-1, 1}), scalar(0.2, DType::f64));
}

}  // namespace

TEST_CASE("equal and less: every dtype, broadcasting, NaN", "[ops]") {
  const Tensor a = tensor({1.0, 2.0, not_a_number}), b = tensor({1.0, 3.0, not_a_number});
  CHECK(equal(a, b).dtype() == DType::boolean);
  CHECK(equal(a, b).to_vector<bool>() == Bools{true, false, false});
  CHECK(less(a, b).to_vector<bool>() == Bools{false, true, false});
  CHECK(less(tensor({1, 5}), tensor({3, 3})).to_vector<bool>() == Bools{true, false});
  CHECK(equal(tensor({true, false}), tensor({true, true})).to_vector<bool>() == Bools{true, false});
  CHECK(less(tensor({false, true}), tensor({true, true})).to_vector<bool>() == Bools{true, false});
  CHECK(less(tensor({1, 2}, Shape{2, 1}), tensor({1, 2, 3})).to_vector<bool>() ==
        Bools{false, true, true, false, false, true});
  CHECK(equal(zeros({0, 2}), zeros({2})).shape() == Shape{0, 2});
  CHECK(equal(tensor({0.0}), tensor({-0.0})).item() == 1);
}

TEST_CASE("logical_and and logical_not", "[ops]") {
  const Tensor p = tensor({true, true, false, false}), q = tensor({true, false, true, false});
  CHECK(logical_and(p, q).to_vector<bool>() == Bools{true, false, false, false});
  CHECK(logical_not(p).to_vector<bool>() == Bools{false, false, true, true});
  CHECK(logical_not(p.reshape({2, 2}).transpose(0, 1)).to_vector<bool>() == Bools{false, true, false, true});
  CHECK(logical_and(p.reshape({2, 2}), tensor({true, false})).to_vector<bool>() ==
        Bools{true, false, false, false});
}

TEST_CASE("is_finite: neither NaN nor infinite", "[ops]") {
  const Tensor x = tensor({1.0, not_a_number, infinity, -infinity, 0.0});
  CHECK(is_finite(x).to_vector<bool>() == Bools{true, false, false, false, true});
  CHECK(is_finite(x.to(DType::f32)).to_vector<bool>() == Bools{true, false, false, false, true});
}

TEST_CASE("where: chooses, broadcasts all three, and a NaN not chosen harms nothing", "[ops]") {
  const Tensor c = tensor({true, false});
  CHECK(values(where(c, tensor({1.0, 2.0}), tensor({3.0, 4.0}))) == Values{1, 4});
  CHECK(where(c, tensor({1, 2}), tensor({3, 4})).to_vector<int64_t>() == std::vector<int64_t>{1, 4});
  CHECK(where(c, tensor({true, true}), tensor({false, false})).to_vector<bool>() == Bools{true, false});
  CHECK(values(where(c, tensor({1.0, 2.0}, Shape{2, 1}), scalar(0, DType::f64))) == Values{1, 0, 2, 0});
  Tensor a = tensor({1.0, not_a_number}).requires_grad();
  const Tensor y = where(c, a, zeros({2}, DType::f64));
  CHECK(values(y) == Values{1, 0});
  CHECK(values(grad({sum(y)}, {a})[0]) == Values{1, 0});
}

TEST_CASE("masked_fill: fills where the mask is true, in every dtype", "[ops]") {
  const Tensor mask = tensor({true, false, true});
  CHECK(values(masked_fill(tensor({1.0, 2.0, 3.0}), mask, -infinity)) == Values{-infinity, 2, -infinity});
  CHECK(masked_fill(tensor({1, 2, 3}), mask, 9).to_vector<int64_t>() == std::vector<int64_t>{9, 2, 9});
  CHECK(masked_fill(mask, mask, 0).to_vector<bool>() == Bools{false, false, false});
  CHECK(masked_fill(ones({2, 1}), mask, 0).shape() == Shape{2, 3});
  CHECK(masked_fill(ones({2, 3}), tensor({true, false}, Shape{2, 1}), 5).to_vector<float>() ==
        std::vector<float>{5, 5, 5, 1, 1, 1});
}

TEST_CASE("comparisons: every kind, with tensors and plain numbers", "[ops]") {
  const Tensor x = tensor({1.0, 2.0, 3.0, not_a_number}), two = scalar(2, DType::f64);
  struct Kind {
    Tensor (*beside)(const Tensor&, const Tensor&);
    Tensor (*number)(const Tensor&, double);
    Bools right;
  };
  for (const Kind& kind :
       {Kind{equal, equal, {false, true, false, false}},
        Kind{not_equal, not_equal, {true, false, true, true}}, Kind{less, less, {true, false, false, false}},
        Kind{less_equal, less_equal, {true, true, false, false}},
        Kind{greater, greater, {false, false, true, false}},
        Kind{greater_equal, greater_equal, {false, true, true, false}}}) {
    CHECK(kind.beside(x, two).to_vector<bool>() == kind.right);
    CHECK(kind.number(x, 2).to_vector<bool>() == kind.right);
    CHECK(kind.number(x.reshape({2, 2}).transpose(0, 1), 2).shape() == Shape{2, 2});
  }
  CHECK(less(tensor({1, 2, 3}), 2).to_vector<bool>() == Bools{true, false, false});
  CHECK(equal(tensor({true, false}), 1).to_vector<bool>() == Bools{true, false});
  CHECK(sum(greater(x, 1.5)).item() == 2);  // how many are
}

TEST_CASE("where: a plain number on either side", "[ops]") {
  const Tensor c = tensor({true, false}), x = tensor({3.0, 4.0});
  CHECK(values(where(c, x, -1)) == Values{3, -1});
  CHECK(values(where(c, -1, x)) == Values{-1, 4});
  CHECK(where(c, tensor({3, 4}), 7).to_vector<int64_t>() == std::vector<int64_t>{3, 7});
}

TEST_CASE("comparisons and choice: a number that the dtype does not hold is named", "[ops][misuse]") {
  const Tensor i = tensor({1, 2});
  const auto says = [](const std::string& op) {
    return op + ": an i64 tensor takes whole numbers, not 0.5; convert it with to()";
  };
  CHECK_THROWS_WITH(equal(i, 0.5), says("equal"));
  CHECK_THROWS_WITH(not_equal(i, 0.5), says("not_equal"));
  CHECK_THROWS_WITH(less(i, 0.5), says("less"));
  CHECK_THROWS_WITH(less_equal(i, 0.5), says("less_equal"));
  CHECK_THROWS_WITH(greater(i, 0.5), says("greater"));
  CHECK_THROWS_WITH(greater_equal(i, 0.5), says("greater_equal"));
  CHECK_THROWS_WITH(maximum(i, 0.5), says("maximum"));
  CHECK_THROWS_WITH(minimum(i, 0.5), says("minimum"));
  CHECK_THROWS_WITH(where(equal(i, 1), i, 0.5), says("where"));
  CHECK_THROWS_WITH(where(equal(i, 1), 0.5, i), says("where"));
}

TEST_CASE("where: gradients", "[ops][gradient]") {
  const Tensor mask = random_mask({2, 3, 4}, 5);
  check_layouts([mask](const Inputs& x) { return where(mask, x[0], x[1]); }, {{2, 3, 4}, {2, 3, 4}});
  check_layouts([mask](const Inputs& x) { return where(mask, x[0] * x[0], exp(x[1])); },
                {{2, 3, 4}, {2, 3, 4}});
  check_gradients([mask](const Inputs& x) { return where(mask, x[0], x[1]); }, random_inputs({{3, 1}, {4}}));
  check_gradients(
      [](const Inputs& x) {
        return where(random_mask({2, 1}, 6), x[0], x[1]);
      },
      random_inputs({{3}, {}}));
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([n](const Inputs& x) { return where(random_mask({n}, 7), x[0], x[1]); },
                    random_inputs({{n}, {n}}));
  }
  check_empty([](const Inputs& x) { return where(random_mask({0, 2}, 8), x[0], x[1]); }, {{0, 2}, {2}});
}

TEST_CASE("masked_fill: gradients", "[ops][gradient]") {
  const Tensor mask = random_mask({2, 3, 4}, 9);
  check_layouts([mask](const Inputs& x) { return masked_fill(x[0], mask, 2.5); }, {{2, 3, 4}});
  check_layouts([mask](const Inputs& x) { return exp(masked_fill(x[0], mask, -infinity)); }, {{2, 3, 4}});
  check_gradients([mask](const Inputs& x) { return masked_fill(x[0], mask, 1); }, random_inputs({{3, 1}}));
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([n](const Inputs& x) { return masked_fill(x[0], random_mask({n}, 10), 0); },
                    random_inputs({{n}}));
  }
  check_empty([](const Inputs& x) { return masked_fill(x[0], random_mask({0}, 11), 0); }, {{0}});
}

TEST_CASE("where and masked_fill: a mask changed in place is refused by backward", "[ops]") {
  Tensor x = ones({2}).requires_grad(), mask = tensor({true, false});
  const Tensor y = sum(where(mask, x, zeros({2}))), z = sum(masked_fill(x, mask, 0));
  mask.fill_(1);
  const std::string text =
      "backward: a value [2] saved for the gradient was changed in place after it was used";
  CHECK_THROWS_WITH(y.backward(), text);
  CHECK_THROWS_WITH(z.backward(), text);
}

TEST_CASE("comparison and choice: misuse is named", "[ops][misuse]") {
  const Tensor f = ones({2}), d = ones({2}, DType::f64), m = tensor({true, false});
  const std::string end = "do not broadcast: sizes 2 and 3 differ and neither is 1";
  CHECK_THROWS_WITH(equal(f, d), "equal: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(less(f, m), "less: dtypes f32 and bool differ; convert one with to()");
  CHECK_THROWS_WITH(equal(f, ones({3})), "equal: shapes [2] and [3] " + end);
  CHECK_THROWS_WITH(less(f, ones({3})), "less: shapes [2] and [3] " + end);
  CHECK_THROWS_WITH(logical_and(f, f), "logical_and: both operands must be bool, not f32");
  CHECK_THROWS_WITH(logical_and(m, f), "logical_and: both operands must be bool, not f32");
  CHECK_THROWS_WITH(logical_and(m, tensor({true, true, true})), "logical_and: shapes [2] and [3] " + end);
  CHECK_THROWS_WITH(logical_not(f), "logical_not: the operand must be bool, not f32");
  CHECK_THROWS_WITH(where(f, f, f), "where: the condition must be bool, not f32");
  CHECK_THROWS_WITH(where(m, f, d), "where: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(where(m, f, ones({3})), "where: shapes [2] and [3] " + end);
  CHECK_THROWS_WITH(where(m, ones({3}), ones({3})),
                    "where: shapes [3] and [2] do not broadcast: sizes 3 and 2 differ and neither is 1");
  CHECK_THROWS_WITH(masked_fill(f, f, 0), "masked_fill: the mask must be bool, not f32");
  CHECK_THROWS_WITH(
      masked_fill(ones({3}), m, 0),
      "masked_fill: shapes [3] and [2] do not broadcast: sizes 3 and 2 differ and neither is 1");
}

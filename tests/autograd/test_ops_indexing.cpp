// Picking by index: embedding, index_select, gather, scatter_add.
#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

using Values = std::vector<double>;

/// Indices below `limit`, with repeats.
Tensor random_index(const Shape& shape, int64_t limit, uint64_t seed) {
  Rng rng(seed);
  std::vector<int64_t> values;
  for (int64_t i = 0, n = shape.numel(); i < n; ++i) {
    values.push_back(static_cast<int64_t>(rng.below(static_cast<uint64_t>(limit))));
  }
  return tensor(values, shape);
}

}  // namespace

TEST_CASE("embedding: rows of a table", "[ops]") {
  const Tensor table = tensor({0.0, 1.0, 10.0, 11.0, 20.0, 21.0}, Shape{3, 2});
  const Tensor y = embedding(table, tensor({2, 0, 2, 1}, Shape{2, 2}));
  CHECK(y.shape() == Shape{2, 2, 2});
  CHECK(values(y) == Values{20, 21, 0, 1, 20, 21, 10, 11});
  CHECK(embedding(table, zeros({0}, DType::i64)).shape() == Shape{0, 2});
  CHECK(values(embedding(table, scalar(1, DType::i64))) == Values{10, 11});
  CHECK(values(embedding(table.transpose(0, 1), tensor({1}))) == Values{1, 11, 21});
  CHECK(embedding(ones({3, 0}), tensor({1, 2})).shape() == Shape{2, 0});
  const Tensor ids = tensor({0, 9, 1, 9}).slice(0, 0, 4, 2);
  CHECK(values(embedding(table, ids)) == Values{0, 1, 10, 11});
}

TEST_CASE("embedding: a repeated id collects every gradient", "[ops]") {
  Tensor table = zeros({3, 2}, DType::f64).requires_grad();
  const Tensor y = embedding(table, tensor({2, 0, 2}));
  const Tensor dy = tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, Shape{3, 2});
  CHECK(values(grad({y}, {table}, {dy})[0]) == Values{3, 4, 0, 0, 6, 8});
}

TEST_CASE("gather: values by NumPy's take_along_axis", "[ops]") {
  const Tensor x = tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, Shape{2, 3});
  CHECK(values(gather(x, 0, tensor({1, 0, 1}, Shape{1, 3}))) == Values{4, 2, 6});
  CHECK(values(gather(x, 1, tensor({2, 2, 0, 1}, Shape{2, 2}))) == Values{3, 3, 4, 5});
  CHECK(values(gather(x.transpose(0, 1), 0, tensor({2, 0}, Shape{1, 2}))) == Values{3, 4});
  CHECK(gather(x, -1, zeros({2, 0}, DType::i64)).shape() == Shape{2, 0});
  CHECK(gather(tensor({true, false}), 0, tensor({1, 0})).to_vector<bool>() == std::vector<bool>{false, true});
  // An index may be shorter than x along the other axes.
  CHECK(values(gather(x, 1, tensor({2}, Shape{1, 1}))) == Values{3});
}

TEST_CASE("scatter_add: adds every source to a copy", "[ops]") {
  const Tensor x = ones({2, 3}, DType::f64);
  const Tensor index = tensor({0, 0, 1, 0}, Shape{2, 2}), source = tensor({1.0, 2.0, 3.0, 4.0}, Shape{2, 2});
  CHECK(values(scatter_add(x, 1, index, source)) == Values{4, 1, 1, 5, 4, 1});
  CHECK(values(scatter_add(x, 0, index, source)) == Values{2, 7, 1, 4, 1, 1});
  CHECK(values(x) == Values(6, 1));
  CHECK(scatter_add(arange(3), 0, tensor({1, 1}), tensor({5, 6})).to_vector<int64_t>() ==
        std::vector<int64_t>{0, 12, 2});
  CHECK(values(scatter_add(x.transpose(0, 1), 0, tensor({2, 2}, Shape{1, 2}),
                           tensor({1.0, 2.0}, Shape{1, 2}))) == Values{1, 1, 1, 1, 2, 3});
}

TEST_CASE("index_select: several of one axis", "[ops]") {
  const Tensor x = tensor({1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, Shape{2, 3});
  CHECK(values(index_select(x, 1, tensor({2, 0}))) == Values{3, 1, 6, 4});
  CHECK(values(index_select(x, 0, tensor({1, 1, 0}))) == Values{4, 5, 6, 4, 5, 6, 1, 2, 3});
  CHECK(values(index_select(x, -1, tensor({1}))) == Values{2, 5});
  CHECK(index_select(x, 0, zeros({0}, DType::i64)).shape() == Shape{0, 3});
}

TEST_CASE("embedding: gradients", "[ops][gradient]") {
  const Tensor ids = random_index({2, 3}, 5, 1);
  check_layouts([ids](const Inputs& x) { return embedding(x[0], ids); }, {{5, 4}});
  check_layouts([ids](const Inputs& x) { return embedding(x[0] * x[0], ids); }, {{5, 4}});
  for (int64_t n = 1; n <= 17; ++n) {
    check_gradients([n](const Inputs& x) { return embedding(x[0], random_index({n}, 3, 2)); },
                    random_inputs({{3, n}}));
  }
  check_gradients([](const Inputs& x) { return embedding(x[0], zeros({0}, DType::i64)); },
                  random_inputs({{3, 2}}));
  check_empty([](const Inputs& x) { return embedding(x[0], tensor({1, 0})); }, {{3, 0}});
}

TEST_CASE("gather: gradients", "[ops][gradient]") {
  for (const int64_t axis : {0, 1, 2, -1}) {
    Shape shape{2, 3, 4};
    const int a = static_cast<int>(axis < 0 ? 2 : axis);
    const int64_t limit = shape[a];
    shape[a] = 5;
    const Tensor index = random_index(shape, limit, 3);
    check_layouts([&](const Inputs& x) { return gather(x[0], axis, index); }, {{2, 3, 4}});
    check_layouts([&](const Inputs& x) { return gather(exp(x[0]), axis, index); }, {{2, 3, 4}});
  }
  check_empty([](const Inputs& x) { return gather(x[0], 0, zeros({0, 2}, DType::i64)); }, {{3, 2}});
}

TEST_CASE("scatter_add: gradients of both", "[ops][gradient]") {
  for (const int64_t axis : {0, 1}) {
    const Tensor index = random_index({2, 3}, axis == 0 ? 2 : 3, 4);
    check_layouts([&](const Inputs& x) { return scatter_add(x[0], axis, index, x[1]); }, {{2, 3}, {2, 3}});
    check_layouts([&](const Inputs& x) { return scatter_add(x[0] * x[0], axis, index, exp(x[1])); },
                  {{2, 3}, {2, 3}});
  }
  check_empty([](const Inputs& x) { return scatter_add(x[0], 0, zeros({0}, DType::i64), x[1]); }, {{0}, {0}});
}

TEST_CASE("index_select: gradients", "[ops][gradient]") {
  for (const int64_t axis : {0, 1, -1}) {
    const Tensor index = tensor({1, 0, 1, 1});
    check_layouts([&](const Inputs& x) { return index_select(x[0], axis, index); }, {{2, 3, 4}});
  }
}

TEST_CASE("indexing: an index changed in place is refused by backward", "[ops]") {
  Tensor x = ones({3, 2}).requires_grad(), index = tensor({1, 0});
  const Tensor y = sum(embedding(x, index)), z = sum(gather(x, 0, index.reshape({2, 1})));
  index.fill_(2);
  CHECK_THROWS_AS(y.backward(), GraphError);
  CHECK_THROWS_AS(z.backward(), GraphError);
}

TEST_CASE("indexing: misuse is named", "[ops][misuse]") {
  const Tensor x = zeros({2, 3}), i = tensor({0, 5}), f = zeros({2});
  CHECK_THROWS_WITH(embedding(x, i), "embedding: id 5 at position 1 of [2] is outside [0, 2)");
  CHECK_THROWS_WITH(embedding(x, tensor({-1})), "embedding: id -1 at position 0 of [1] is outside [0, 2)");
  CHECK_THROWS_AS(embedding(x, i), IndexError);
  CHECK_THROWS_WITH(embedding(x, f), "embedding: the ids must be i64, not f32");
  CHECK_THROWS_WITH(embedding(f, i), "embedding: the table must be [V, H], not [2]");
  CHECK_THROWS_WITH(embedding(i, i), "embedding: takes f32 or f64, not i64");
  CHECK_THROWS_WITH(index_select(x, 0, i),
                    "index_select: index 5 at position 1 is outside [0, 2), the size of the axis");
  CHECK_THROWS_WITH(index_select(x, 0, tensor({1, 2})),
                    "index_select: index 2 at position 1 is outside [0, 2), the size of the axis");
  CHECK_THROWS_WITH(index_select(x, 0, f), "index_select: the index must be i64, not f32");
  CHECK_THROWS_WITH(index_select(x, 2, i), "index_select: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(index_select(x, 0, zeros({1, 1}, DType::i64)),
                    "index_select: the index must have one axis, not shape [1, 1]");
  CHECK_THROWS_WITH(gather(x, 0, tensor({0, -1, 0}, Shape{1, 3})),
                    "gather: index -1 at position 1 is outside [0, 2), the size of the axis");
  CHECK_THROWS_WITH(gather(x, 0, i),
                    "gather: an index of shape [2] does not fit a tensor of shape [2, 3] along axis 0");
  CHECK_THROWS_WITH(gather(x, 1, zeros({3, 1}, DType::i64)),
                    "gather: an index of shape [3, 1] does not fit a tensor of shape [2, 3] along axis 1");
  CHECK_THROWS_WITH(gather(x, 2, i), "gather: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(gather(x, 0, zeros({1, 1})), "gather: the index must be i64, not f32");
  CHECK_THROWS_WITH(scatter_add(f, 0, i, zeros({3})),
                    "scatter_add: index [2] and source [3] differ in shape");
  CHECK_THROWS_WITH(scatter_add(f, 0, i, zeros({2}, DType::f64)),
                    "scatter_add: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(scatter_add(f, 0, i, f),
                    "scatter_add: index 5 at position 1 is outside [0, 2), the size of the axis");
  CHECK_THROWS_WITH(scatter_add(f, 1, i, f), "scatter_add: a tensor of shape [2] has no axis 1");
}

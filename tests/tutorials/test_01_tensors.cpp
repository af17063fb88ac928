// Chapter 1: walks agree with the library's views, the loops with BLIS, and the museum's bug is caught.
#include <vector>

#include "autograd/autograd.hpp"
#include "support/catch.hpp"
#include "tutorials/01_tensors/tensors.hpp"
#include "tutorials/support/kit.hpp"

using namespace gradus;
using namespace gradus::tutorials;

namespace {

/// The numbers of a walk of rank 2, row by row.
Tensor numbers(const Walk& walk) {
  std::vector<float> values;
  for (int64_t i = 0; i < walk.shape[0]; ++i) {
    for (int64_t j = 0; j < walk.shape[1]; ++j) values.push_back(walk.memory[place(walk, {i, j})]);
  }
  return tensor(values, walk.shape);
}

void check_same(const Walk& walk, const Tensor& view) {
  CHECK(walk.shape == view.shape());
  CHECK(walk.strides == view.strides());
  CHECK(walk.offset == view.offset());
  CHECK(largest_gap(numbers(walk), view) == 0);
}

}  // namespace

TEST_CASE("01: a walk is what the library's view is") {
  std::vector<float> memory(12);
  for (size_t i = 0; i < memory.size(); ++i) memory[i] = static_cast<float>(i * i);
  const Walk x{memory.data(), {3, 4}, {4, 1}, 0};
  const Tensor same = tensor(memory, Shape{3, 4});
  check_same(x, same);
  check_same(transposed(x, 0, 1), same.transpose(0, 1));
  check_same(sliced(x, 1, 1, 3), same.slice(1, 1, 3));
  check_same(sliced(transposed(x, 0, 1), 0, 2, 4), same.transpose(0, 1).slice(0, 2, 4));
  check_same(repeated(sliced(x, 0, 1, 2), 0, 5), same.slice(0, 1, 2).expand({5, 4}));
}

TEST_CASE("01: the three products agree with the library's") {
  Rng rng(3);
  const int64_t n = 17;
  Tensor a = randn({n, n}, rng), b = randn({n, n}, rng), c = empty({n, n});
  float *x = a.mutable_data<float>(), *y = b.mutable_data<float>(), *z = c.mutable_data<float>();
  const Tensor want = matmul(a, b);
  product({x, {n, n}, {n, 1}, 0}, {y, {n, n}, {n, 1}, 0}, {z, {n, n}, {n, 1}, 0});
  CHECK(largest_gap(c, want) < 1e-5);
  c.fill_(7);
  product_ijk(x, y, z, n);
  CHECK(largest_gap(c, want) < 1e-5);
  c.fill_(7);
  product_ikj(x, y, z, n);
  CHECK(largest_gap(c, want) < 1e-5);
  // Transposed by strides, the product is the transposed one.
  const Walk at = transposed({x, {n, n}, {n, 1}, 0}, 0, 1), bt = transposed({y, {n, n}, {n, 1}, 0}, 0, 1);
  product(bt, at, {z, {n, n}, {n, 1}, 0});
  CHECK(largest_gap(c, want.transpose(0, 1)) < 1e-5);
}

TEST_CASE("01 museum: symmetry catches a sum that reads what it writes") {
  for (const bool aliased : {false, true}) {
    std::vector<float> memory = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    add_transposed({memory.data(), {3, 3}, {3, 1}, 0}, aliased);
    const Tensor sum = tensor(memory, Shape{3, 3});
    CHECK((largest_gap(sum, sum.transpose(0, 1)) == 0) != aliased);
  }
}

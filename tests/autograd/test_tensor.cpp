// Tensors and views: what shares memory, what copies, what is refused.
#include "autograd/grad_mode.hpp"
#include "autograd/tensor.hpp"

#include "autograd/ops.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

Tensor counting(const Shape& shape) { return arange(shape.numel()).reshape(shape); }

}  // namespace

TEST_CASE("a tensor knows its shape, dtype and values") {
  const Tensor x = tensor<float>({1, 2, 3, 4, 5, 6}, Shape{2, 3});
  CHECK(x.dtype() == DType::f32);
  CHECK(x.shape() == Shape{2, 3});
  CHECK(x.strides() == Strides{3, 1});
  CHECK(x.numel() == 6);
  CHECK(x.size(-1) == 3);
  CHECK(x.at({1, 2}) == 6);
  CHECK(tensor({1, 2}).dtype() == DType::i64);
  CHECK(tensor({true, false}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(eye(2, DType::f64).to_vector<double>() == std::vector<double>{1, 0, 0, 1});
}

TEST_CASE("views share memory and copy nothing") {
  const Tensor x = counting({2, 3, 4});
  const int64_t before = memory_stats().live_bytes;
  const Tensor t = x.transpose(0, 2), p = x.permute({1, 2, 0}), s = x.slice(2, 1, 4, 2),
               r = x.reshape({6, 4}), e = x.unsqueeze(0).expand({5, 2, 3, 4}), q = x.select(1, -1);
  CHECK(memory_stats().live_bytes == before);
  for (const Tensor& view : {t, p, s, r, e, q}) CHECK(view.shares_memory_with(x));
  CHECK(t.at({3, 2, 1}) == x.at({1, 2, 3}));
  CHECK(p.at({2, 3, 1}) == x.at({1, 2, 3}));
  CHECK(s.shape() == Shape{2, 3, 2});
  CHECK(s.at({1, 1, 1}) == x.at({1, 1, 3}));
  CHECK(e.at({4, 1, 2, 3}) == x.at({1, 2, 3}));
  CHECK(q.at({1, 0}) == x.at({1, 2, 0}));
}

TEST_CASE("reshape of every view of small shapes gives row-major order, copying only where it must") {
  // All permutations of [2, 1, 3, 2] and of a slice of it, into several shapes, against an element-by-element
  // walk.
  const Tensor base = counting({2, 1, 3, 4}).slice(3, 0, GENERATE(2, 4));
  Axes order = {0, 1, 2, 3};
  do {
    const Tensor view = base.permute(order);
    const std::vector<int64_t> expected = view.to_vector<int64_t>();
    const int64_t n = view.numel();
    for (const Shape& to :
         {Shape{n}, Shape{2, n / 2}, Shape{n / 6, 3, 2}, Shape{n / 2, 1, 2}, Shape{1, 2, -1, 3, 1}}) {
      const Tensor y = view.reshape(to);
      CHECK(y.to_vector<int64_t>() == expected);
      CHECK(y.numel() == n);
    }
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(counting({2, 3}).transpose(0, 1).reshape({3, 2, 1}).shares_memory_with(counting({1})) == false);
  const Tensor t = counting({4, 6}).transpose(0, 1);
  CHECK(t.reshape({2, 3, 4}).shares_memory_with(t));
  CHECK(!t.reshape({24}).shares_memory_with(t));
}

TEST_CASE("empty tensors and scalars work") {
  const Tensor none = zeros({0, 3});
  CHECK(none.numel() == 0);
  CHECK(none.reshape({3, 0}).shape() == Shape{3, 0});
  CHECK(sum(none).item() == 0);
  CHECK((none + 1.0).shape() == Shape{0, 3});
  CHECK(none.transpose(0, 1).contiguous().shape() == Shape{3, 0});
  CHECK(scalar(4).reshape({1, 1}).item() == 4);
}

TEST_CASE("to converts and clone copies") {
  const Tensor x = tensor({1.75, -2.5});
  CHECK(x.to(DType::i64).to_vector<int64_t>() == std::vector<int64_t>{1, -2});
  CHECK(x.to(DType::f32).to_vector<float>() == std::vector<float>{1.75f, -2.5f});
  CHECK(!x.clone().shares_memory_with(x));
  CHECK(x.contiguous().shares_memory_with(x));
}

TEST_CASE("changes in place are seen through every view and counted") {
  Tensor x = zeros({2, 2});
  Tensor row = x.select(0, 1);
  const uint64_t before = x.version();
  row.fill_(3);
  row.add_(ones({2}), 2);
  CHECK(x.to_vector<float>() == std::vector<float>{0, 0, 5, 5});
  CHECK(x.version() == before + 2);
  x.copy_(tensor({7.0, 8.0}));
  CHECK(x.to_vector<float>() == std::vector<float>{7, 8, 7, 8});
}

TEST_CASE("what is written in place may overlap what is read") {
  Tensor x = tensor({1.0, 2.0, 3.0, 4.0}, Shape{2, 2});
  x.add_(x.transpose(0, 1));
  CHECK(x.to_vector<double>() == std::vector<double>{2, 5, 5, 8});
  x.add_(x);
  CHECK(x.to_vector<double>() == std::vector<double>{4, 10, 10, 16});
  Tensor row = arange(6, DType::f64);
  row.slice(0, 1, 6).copy_(row.slice(0, 0, 5));
  CHECK(row.to_vector<double>() == std::vector<double>{0, 0, 1, 2, 3, 4});
  row.slice(0, 0, 5).copy_(row.slice(0, 1, 6));
  CHECK(row.to_vector<double>() == std::vector<double>{0, 1, 2, 3, 4, 4});
}

TEST_CASE("a change in place loses no gradient in silence") {
  const Tensor x = tensor({1.0, 2.0}).requires_grad();
  Tensor y = zeros({2}, DType::f64);
  const std::string why =
      ": what is written in place is not recorded, so the gradient of the source would be lost; compute a "
      "new "
      "tensor, or write inside NoGrad or from detach()";
  CHECK_THROWS_WITH(y.add_(x * 2.0), "add_" + why);
  CHECK_THROWS_WITH(y.slice(0, 0, 1).copy_(x.slice(0, 1, 2)), "copy_" + why);
  y.add_(x.detach(), 2);
  const NoGrad no_grad;
  y.copy_(x + y);
  CHECK(y.to_vector<double>() == std::vector<double>{3, 6});
}

TEST_CASE("indices count from the back, too") {
  const Tensor x = arange(6).reshape({2, 3});
  CHECK(x.at({-1, -3}) == 3);
  CHECK(x.slice(1, -2, -1).to_vector<int64_t>() == std::vector<int64_t>{1, 4});
  CHECK(x.slice(1, 0, -1).shape() == Shape{2, 2});
  CHECK_THROWS_WITH(x.slice(1, -4, 2), "slice: [-4, 2) is outside axis 1 of [2, 3]");
  CHECK_THROWS_WITH(x.slice(1, -1, 1), "slice: [-1, 1) is outside axis 1 of [2, 3]");
  CHECK_THROWS_WITH(x.at({0, -4}), "at: index [0, -4] is outside a tensor of shape [2, 3]");
}

TEST_CASE("the shape of a temporary lives on") {
  std::vector<int64_t> sizes;
  for (const int64_t size : zeros({4, 5}).shape()) sizes.push_back(size);
  CHECK(sizes == std::vector<int64_t>{4, 5});
  const Tensor& x = tensor({1.0}).requires_grad();
  CHECK(x.needs_grad());
}

TEST_CASE("a tensor that is too large is refused") {
  const int64_t large = int64_t{1} << 32;
  CHECK_THROWS_WITH(zeros({large, large}),
                    "shape [4294967296, 4294967296] has more elements than can be counted");
  CHECK_THROWS_WITH(ones({1, 1}).expand({large, large}),
                    "shape [4294967296, 4294967296] has more elements than can be counted");
  CHECK(zeros({large, 1 << 30, 0}).numel() == 0);
  CHECK_THROWS_WITH(
      zeros({large << 30}),
      "a tensor of f32 and shape [4611686018427387904] needs 1.84e+10 GB, more memory than there is");
#ifndef __SANITIZE_ADDRESS__  // which stops the program where the system has no more
  CHECK_THROWS_WITH(
      zeros({large << 13}),
      "a tensor of f32 and shape [35184372088832] needs 1.41e+05 GB, more memory than there is");
#endif
}

TEST_CASE("whole numbers are not rounded in silence") {
  Tensor x = arange(2);
  CHECK_THROWS_WITH(x.fill_(0.5), "fill_: an i64 tensor takes whole numbers, not 0.5; convert it with to()");
  CHECK_THROWS_WITH(x.add_(arange(2), 0.5),
                    "add_: an i64 tensor takes whole numbers, not 0.5; convert it with to()");
  CHECK_THROWS_WITH(masked_fill(x, equal(x, x), -INFINITY),
                    "masked_fill: an i64 tensor takes whole numbers, not -inf; convert it with to()");
}

TEST_CASE("a tensor that is not defined says so") {
  Tensor none;
  const std::string why = "this tensor is not defined: it was made by Tensor() and never assigned";
  CHECK_THROWS_WITH(none.zero_grad(), why);
  CHECK_THROWS_WITH(none.clear_grad(), why);
  CHECK_THROWS_WITH(none.requires_grad(false), why);
  CHECK_THROWS_WITH(none.set_grad({}), why);
  CHECK_THROWS_WITH(none.shape(), why);
}

TEST_CASE("freed memory is used again") {
  { const Tensor warm = empty({1000, 1000}); }
  const MemoryStats before = memory_stats();
  for (int i = 0; i < 10; ++i) empty({1000, 1000});
  CHECK(memory_stats().system_allocations == before.system_allocations);
  CHECK(memory_stats().live_bytes == before.live_bytes);
}

TEST_CASE("the peak counts what was live at once") {
  reset_peak_memory();
  const int64_t before = memory_stats().live_bytes;
  { const Tensor a = empty({1024}), b = empty({1024}); }
  { const Tensor later = empty({1024}); }
  CHECK(memory_stats().peak_bytes == before + 2 * 4096);
  release_cached_memory();
  CHECK(memory_stats().reserved_bytes == memory_stats().live_bytes);
}

TEST_CASE("misuse of tensors is named") {
  const Tensor x = zeros({2, 3});
  CHECK_THROWS_WITH(x.item(), "item: a tensor of shape [2, 3] has 6 elements, not one");
  CHECK_THROWS_WITH(x.at({0, 3}), "at: index [0, 3] is outside a tensor of shape [2, 3]");
  CHECK_THROWS_WITH(x.at({0}), "at: 1 index for a tensor of shape [2, 3]");
  CHECK_THROWS_WITH(x.data<double>(), "data: the tensor is f32, not f64");
  CHECK_THROWS_WITH(x.reshape({4}), "reshape: [2, 3] has 6 elements and [4] has 4");
  CHECK_THROWS_WITH(x.reshape({-1, 4}), "reshape: [2, 3] does not fit into [-1, 4]");
  CHECK_THROWS_WITH(x.reshape({-1, -1}),
                    "reshape: shape [-1, -1] has more than one unknown or a negative size");
  CHECK_THROWS_WITH(x.transpose(0, 2), "transpose: a tensor of shape [2, 3] has no axis 2");
  CHECK_THROWS_WITH(x.transpose(0, -3), "transpose: a tensor of shape [2, 3] has no axis -3");
  CHECK_THROWS_WITH(x.permute({0, 0}), "permute: axis 0 is named twice in [0, 0]");
  CHECK_THROWS_WITH(x.permute({0}), "permute: 1 axis for a tensor of shape [2, 3]");
  CHECK_THROWS_WITH(x.slice(1, 2, 4), "slice: [2, 4) is outside axis 1 of [2, 3]");
  CHECK_THROWS_WITH(x.slice(1, 0, 3, 0), "slice: the step must be 1 or more, not 0");
  CHECK_THROWS_WITH(x.select(0, 2), "select: index 2 is outside axis 0 of [2, 3]");
  CHECK_THROWS_WITH(
      x.expand({3, 3}),
      "expand: shapes [2, 3] and [3, 3] do not broadcast: sizes 2 and 3 differ and neither is 1");
  CHECK_THROWS_WITH(x.squeeze(0), "squeeze: axis 0 of [2, 3] has size 2, not 1");
  CHECK_THROWS_WITH(x.unsqueeze(4), "unsqueeze: a tensor of shape [2, 3, 1] has no axis 4");
  CHECK_THROWS_WITH(zeros({2, -1}), "a tensor cannot have shape [2, -1]: a size is negative");
  CHECK_THROWS_WITH(tensor({1.0, 2.0}, Shape{3}), "tensor: 2 values do not fill shape [3]");
  CHECK_THROWS_WITH(Shape(std::vector<int64_t>(9, 1)), "a tensor has at most 8 dimensions, not 9");
  CHECK_THROWS_WITH(x + zeros({2, 3}, DType::f64), "add: dtypes f32 and f64 differ; convert one with to()");
  CHECK_THROWS_WITH(x + zeros({2}),
                    "add: shapes [2, 3] and [2] do not broadcast: sizes 3 and 2 differ and neither is 1");
  CHECK_THROWS_WITH(exp(arange(2)), "exp: takes f32 or f64, not i64");
}

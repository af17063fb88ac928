// The element-wise walk and the reductions against naive loops, over random ranks, sizes and strides.
#include "autograd/kernels/elementwise.hpp"

#include "autograd/kernels/reduce.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"

using namespace gradus;
using gradus::test::random_values;

namespace {

/// Memory and a view into it: axes permuted, sliced with steps, offset, some of stride 0.
template <class T>
struct RandomView {
  std::vector<T> memory;
  kernels::View<const T> view;
};

int64_t draw(Rng& rng, int64_t low, int64_t high) { return rng.between(low, high); }

Shape random_shape(Rng& rng) {
  Shape shape;
  for (int64_t rank = draw(rng, 0, 5); shape.rank() < rank;) {
    shape.push_back(rng.chance(0.05) ? 0 : rng.chance(0.2) ? 1 : draw(rng, 1, rng.chance(0.1) ? 40 : 6));
  }
  return shape;
}

/// Strides under which no two indices share an element (except along an axis of stride 0), in random order.
Strides random_strides(Rng& rng, const Shape& shape, bool may_repeat, int64_t& extent) {
  std::vector<int> order(static_cast<size_t>(shape.rank()));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(order.size() - 1 - i);
  if (rng.chance(0.7)) rng.shuffle(order);
  Strides strides = Shape::filled(shape.rank(), 0);
  extent = 1;
  for (const int axis : order) {
    if (may_repeat && rng.chance(0.2)) continue;
    const int64_t gap = rng.chance(0.3) ? draw(rng, 2, 3) : 1;
    strides[axis] = extent * gap;
    extent = strides[axis] * std::max<int64_t>(1, shape[axis]);
  }
  return strides;
}

template <class T>
RandomView<T> random_view(Rng& rng, const Shape& shape, bool may_repeat = true) {
  RandomView<T> result;
  int64_t extent = 1;
  const Strides strides = random_strides(rng, shape, may_repeat, extent);
  const int64_t offset = draw(rng, 0, 3);
  result.memory = random_values<T>(extent + offset, rng.bits64(), -50, 50);
  result.view = {result.memory.data() + offset, shape, strides};
  return result;
}

/// Calls body(offset in the view) for every index, last axis fastest.
template <class Body>
void walk(const Shape& shape, const Strides& strides, Body body) {
  for (int64_t i = 0, n = shape.numel(); i < n; ++i) {
    int64_t rest = i, offset = 0;
    for (int d = shape.rank() - 1; d >= 0; --d) {
      offset += rest % shape[d] * strides[d];
      rest /= shape[d];
    }
    body(i, offset);
  }
}

template <class T>
std::vector<T> read(const kernels::View<const T>& view) {
  std::vector<T> all;
  walk(view.shape, view.strides, [&](int64_t, int64_t at) { all.push_back(view.data[at]); });
  return all;
}

template <class T>
void check_map(Rng& rng) {
  const Shape shape = random_shape(rng);
  const auto a = random_view<T>(rng, shape), b = random_view<T>(rng, shape), c = random_view<T>(rng, shape);
  auto out = random_view<T>(rng, shape, false);
  const std::vector<T> before = out.memory;
  T* const data = out.memory.data() + (out.view.data - out.memory.data());
  const kernels::View<T> target{data, shape, out.view.strides};
  INFO("shape " << to_string(shape) << ", out strides " << to_string(target.strides) << ", strides "
                << to_string(a.view.strides) << to_string(b.view.strides) << to_string(c.view.strides));
  const std::vector<T> x = read(a.view), y = read(b.view), z = read(c.view);

  kernels::map<T, T>(target, a.view, [](T u) { return u + 1; });
  std::vector<T> expected;
  for (const T u : x) expected.push_back(u + 1);
  CHECK(read<T>(target) == expected);

  kernels::map<T, T, T>(target, a.view, b.view, [](T u, T v) { return u - 2 * v; });
  for (size_t i = 0; i < x.size(); ++i) expected[i] = x[i] - 2 * y[i];
  CHECK(read<T>(target) == expected);

  kernels::map<T, T, T, T>(target, a.view, b.view, c.view, [](T u, T v, T w) { return u > v ? v : w; });
  for (size_t i = 0; i < x.size(); ++i) expected[i] = x[i] > y[i] ? y[i] : z[i];
  CHECK(read<T>(target) == expected);

  // In place, and nothing between the elements is touched.
  kernels::map<T, T>(target, target, [](T u) { return -u; });
  for (T& v : expected) v = -v;
  CHECK(read<T>(target) == expected);
  std::vector<bool> written(out.memory.size(), false);
  walk(shape, target.strides,
       [&](int64_t, int64_t at) { written[static_cast<size_t>(data - out.memory.data() + at)] = true; });
  bool untouched = true;
  for (size_t i = 0; i < before.size(); ++i)
    untouched = untouched && (written[i] || out.memory[i] == before[i]);
  CHECK(untouched);
}

template <template <class> class Kind, class T>
std::vector<T> slow_reduce(const kernels::View<const T>& in, const std::vector<bool>& gone) {
  Shape kept = in.shape;
  Strides step = Shape::filled(kept.rank(), 0);
  int64_t outputs = 1;
  for (int d = kept.rank() - 1; d >= 0; --d) {
    if (gone[static_cast<size_t>(d)]) continue;
    step[d] = outputs;
    outputs *= kept[d];
  }
  std::vector<typename Kind<T>::Total> totals(static_cast<size_t>(outputs), Kind<T>::start);
  std::vector<int64_t> into;
  walk(in.shape, step, [&](int64_t, int64_t at) { into.push_back(at); });
  walk(in.shape, in.strides, [&](int64_t i, int64_t at) {
    auto& total = totals[static_cast<size_t>(into[static_cast<size_t>(i)])];
    total = Kind<T>::join(total, in.data[at]);
  });
  return std::vector<T>(totals.begin(), totals.end());
}

template <template <class> class Kind, class T>
void check_reduce(const kernels::View<const T>& in, const std::vector<bool>& gone, double bound) {
  const std::vector<T> expected = slow_reduce<Kind, T>(in, gone);
  std::vector<T> out(expected.size());
  kernels::reduce<Kind, T>(out.data(), in, gone);
  CHECK(test::worst_error(out, expected) <= bound);
}

}  // namespace

TEST_CASE("map: 300 random shapes and strides against a naive loop", "[kernel]") {
  Rng rng(2024);
  for (int i = 0; i < 300; ++i) {
    check_map<double>(rng);
    check_map<float>(rng);
    check_map<int64_t>(rng);
  }
}

TEST_CASE("reduce: 300 random shapes, strides and axes against a naive loop", "[kernel]") {
  Rng rng(7);
  for (int i = 0; i < 300; ++i) {
    const Shape shape = random_shape(rng);
    std::vector<bool> gone;
    std::string axes;
    for (int d = 0; d < shape.rank(); ++d) {
      gone.push_back(rng.chance(0.5));
      axes += gone.back() ? "x" : ".";
    }
    const auto real = random_view<double>(rng, shape);
    const auto single = random_view<float>(rng, shape);
    const auto whole = random_view<int64_t>(rng, shape);
    INFO("shape " << to_string(shape) << ", reduced " << axes << ", strides "
                  << to_string(real.view.strides));
    check_reduce<kernels::SumOp, double>(real.view, gone, 1e-11);
    check_reduce<kernels::MaxOp, double>(real.view, gone, 0);
    check_reduce<kernels::MinOp, double>(real.view, gone, 0);
    check_reduce<kernels::SumOp, float>(single.view, gone, 1e-6);
    check_reduce<kernels::MaxOp, float>(single.view, gone, 0);
    check_reduce<kernels::SumOp, int64_t>(whole.view, gone, 0);
    check_reduce<kernels::MinOp, int64_t>(whole.view, gone, 0);
  }
}

TEST_CASE("map and reduce: arrays longer than a piece, on any number of threads", "[kernel]") {
  const Shape shape{3, 70001};
  const std::vector<float> memory = random_values<float>(shape.numel(), 5);
  for (const Strides& strides : {Strides{70001, 1}, Strides{1, 3}}) {
    const kernels::View<const float> in{memory.data(), shape, strides};
    CHECK(test::same_bits_on_any_threads([&] {
      std::vector<float> out(memory.size());
      kernels::map<float, float>({out.data(), shape, {70001, 1}}, in, [](float x) { return x * x; });
      return out;
    }));
    for (const std::vector<bool>& gone : {std::vector<bool>{true, true}, {false, true}, {true, false}}) {
      check_reduce<kernels::SumOp, float>(in, gone, 1e-6);
      check_reduce<kernels::MaxOp, float>(in, gone, 0);
      CHECK(test::same_bits_on_any_threads([&] {
        std::vector<float> out(gone[1] ? 3 : 70001);
        kernels::reduce<kernels::SumOp, float>(out.data(), in, gone);
        return out;
      }));
    }
  }
}

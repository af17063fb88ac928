// Random shapes, views, indices and ops against plain definitions. What must be refused is refused with one
// of the library's own errors; everything else shows the right elements, sends its gradient to the right
// elements, and gives what it gives for a contiguous copy. A third of all numbers come from the ends of int64
// and its roots.
//
// `./test` runs 20,000 cases. GRADUS_SIZE_CASES=1000000 asks for a million, GRADUS_SIZE_SEED for others;
// under the sanitizers (preset asan) they also show that no size, index or product overflows on the way.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>

#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"
#include "support/view_model.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr int64_t few = 4096;  // elements that are worth looking at one by one

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int64_t wild(Rng& rng) {
  constexpr int64_t ends[] = {INT64_MIN,
                              INT64_MIN + 1,
                              INT64_MIN / 2,
                              -(int64_t{1} << 32),
                              -9,
                              -2,
                              -1,
                              0,
                              1,
                              2,
                              7,
                              int64_t{1} << 31,
                              int64_t{1} << 32,
                              (int64_t{1} << 53) + 1,
                              int64_t{1} << 61,
                              int64_t{1} << 62,
                              INT64_MAX - 1,
                              INT64_MAX};
  return ends[rng.below(std::size(ends))];
}

/// Mostly a number in [low, high], else a wild one.
int64_t number(Rng& rng, int64_t low, int64_t high) {
  return rng.below(3) == 0 ? wild(rng) : rng.between(low, high);
}

Shape sizes(Rng& rng, int64_t most, bool may_be_wild) {
  Shape shape;
  for (int64_t i = 0, rank = rng.between(0, 4); i < rank; ++i) {
    shape.push_back(may_be_wild ? number(rng, 0, most) : rng.between(0, most));
  }
  return shape;
}

Tensor base_of(Rng& rng, const Shape& shape) {
  std::vector<double> values;
  for (int64_t i = 0; i < shape.numel(); ++i) values.push_back(static_cast<double>(rng.between(-9, 9)));
  return tensor(values, shape);
}

/// What takes memory is small, or so large that it is refused before the system is asked for it.
bool is_asked_for(int64_t size) { return size <= few || size >= int64_t{1} << 57; }

struct Outcome {
  std::optional<Tensor> tensor;
  std::string error;
};

/// Runs f; an error that is not one of the library's own fails the test.
template <class F>
Outcome attempt(F f) {
  try {
    return {f(), {}};
  } catch (const Error& error) {
    return {std::nullopt, error.what()};
  }
}

/// A view by its method and by its definition.
struct Step {
  std::string what;
  std::function<Tensor(const Tensor&)> method;
  std::function<std::optional<ViewModel>(const ViewModel&)> definition;
};

/// A shape that x may well be expanded to, with a wild size now and then.
Shape wider(Rng& rng, const Shape& shape) {
  Shape to = shape;
  if (to.rank() < Shape::max_rank && rng.below(2) == 0) to.insert(0, number(rng, 0, 3));
  for (int64_t& size : to) {
    if (size == 1 || rng.below(8) == 0) size = number(rng, -1, 3);
  }
  return to;
}

/// The same number of elements in another shape, more often than not.
Shape refolded(Rng& rng, const Shape& shape) {
  Shape to;
  int64_t rest = shape.numel();
  for (int64_t i = 0, rank = rng.between(0, 3); i < rank; ++i) {
    const int64_t size = rng.below(4) == 0 ? number(rng, -1, 4) : rng.between(1, 4);
    if (size > 0 && rest % size == 0) rest /= size;
    to.push_back(size);
  }
  if (rng.below(8) != 0) to.push_back(rng.below(3) == 0 ? -1 : rest);
  return to;
}

Step random_step(Rng& rng, const Shape& shape) {
  const int64_t rank = shape.rank(), axis = number(rng, -rank, std::max<int64_t>(0, rank - 1));
  const int64_t size = axis >= 0 && axis < rank ? shape[static_cast<int>(axis)] : 3;
  const auto place = [&] { return number(rng, -std::min<int64_t>(size, 9), std::min<int64_t>(size, 9)); };
  switch (rng.below(8)) {
    case 0: {
      const int64_t other = number(rng, -rank, std::max<int64_t>(0, rank - 1));
      return {fmt::format("transpose({}, {})", axis, other),
              [=](const Tensor& x) { return x.transpose(axis, other); },
              [=](const ViewModel& x) { return x.transpose(axis, other); }};
    }
    case 1: {
      Axes order;
      for (int i = 0; i < rank; ++i) order.push_back(i);
      for (int i = 1; i < rank; ++i)
        std::swap(order[i], order[static_cast<int>(rng.below(static_cast<uint64_t>(i) + 1))]);
      if (rank > 0 && rng.below(4) == 0) order[0] = number(rng, -rank, rank);
      return {fmt::format("permute({})", order), [=](const Tensor& x) { return x.permute(order); },
              [=](const ViewModel& x) { return x.permute(order); }};
    }
    case 2: {
      const int64_t begin = rng.below(2) == 0 ? 0 : place(), end = rng.below(2) == 0 ? size : place();
      const int64_t step = rng.below(2) == 0 ? number(rng, 1, 3) : rng.between(1, 3);
      return {fmt::format("slice({}, {}, {}, {})", axis, begin, end, step),
              [=](const Tensor& x) { return x.slice(axis, begin, end, step); },
              [=](const ViewModel& x) { return x.slice(axis, begin, end, step); }};
    }
    case 3: {
      const int64_t index = place();
      return {fmt::format("select({}, {})", axis, index),
              [=](const Tensor& x) { return x.select(axis, index); },
              [=](const ViewModel& x) { return x.select(axis, index); }};
    }
    case 4: {
      const Shape to = wider(rng, shape);
      return {fmt::format("expand({})", to), [=](const Tensor& x) { return x.expand(to); },
              [=](const ViewModel& x) { return x.expand(to); }};
    }
    case 5:
      return {fmt::format("squeeze({})", axis), [=](const Tensor& x) { return x.squeeze(axis); },
              [=](const ViewModel& x) { return x.squeeze(axis); }};
    case 6:
      return {fmt::format("unsqueeze({})", axis), [=](const Tensor& x) { return x.unsqueeze(axis); },
              [=](const ViewModel& x) { return x.unsqueeze(axis); }};
    default: {
      const Shape to = refolded(rng, shape);
      return {fmt::format("reshape({})", to), [=](const Tensor& x) { return x.reshape(to); },
              [=](const ViewModel& x) { return x.reshape(to); }};
    }
  }
}

/// Some elements of a view, the first and the last among them, by `at`.
void check_elements(Rng& rng, const Tensor& x, const ViewModel& model, const std::vector<double>& base) {
  for (int i = 0; i < 4 && x.numel() > 0; ++i) {
    Index index;
    for (const int64_t size : model.shape) {
      index.push_back(i == 0   ? 0
                      : i == 1 ? size - 1
                               : static_cast<int64_t>(rng.below(static_cast<uint64_t>(size))));
    }
    Tensor one = x;
    for (const int64_t place : index) one = one.select(0, place);
    REQUIRE(one.item() == base[static_cast<size_t>(model.source(index))]);
  }
}

/// All elements, and where each one's gradient goes.
void check_all(const Tensor& x, const ViewModel& model, const Tensor& base) {
  const std::vector<double> shown = x.to_vector<double>(), values = base.to_vector<double>();
  std::vector<double> wanted, weights, expected(values.size());
  for (int64_t i = 0; i < x.numel(); ++i) {
    const auto from = static_cast<size_t>(model.source(unflatten(i, model.shape)));
    wanted.push_back(values[from]);
    weights.push_back(static_cast<double>(i % 7 + 1));
    expected[from] += weights.back();
  }
  REQUIRE(shown == wanted);
  const Tensor dx = grad({x}, {base}, {tensor(weights, x.shape())})[0];
  REQUIRE(dx.to_vector<double>() == expected);
}

/// One op with random arguments, the same for every input of one shape.
std::pair<std::string, std::function<Tensor(const Tensor&)>> random_op(Rng& rng, const Shape& shape) {
  const int64_t rank = shape.rank(), axis = number(rng, -rank, std::max<int64_t>(0, rank - 1));
  const int64_t size = axis >= 0 && axis < rank ? shape[static_cast<int>(axis)] : 3;
  const bool keep = rng.below(2) == 0;
  std::vector<int64_t> some;
  for (int64_t i = 0, n = rng.between(0, 3); i < n; ++i) {
    some.push_back(rng.below(6) == 0 ? wild(rng) : rng.between(0, std::clamp<int64_t>(size - 1, 0, 9)));
  }
  int64_t a = number(rng, 0, 3), b = number(rng, 0, 3);
  for (int64_t* x : {&a, &b}) *x = is_asked_for(*x) ? *x : INT64_MAX;
  switch (rng.below(14)) {
    case 0:
      return {fmt::format("sum over {}", axis), [=](const Tensor& x) { return sum(x, Axes{axis}, keep); }};
    case 1:
      return {"max of all", [=](const Tensor& x) { return max(x, {}, keep); }};
    case 2:
      return {fmt::format("min over {}", axis), [=](const Tensor& x) { return min(x, Axes{axis}, keep); }};
    case 3:
      return {fmt::format("var, correction {}", a),
              [=](const Tensor& x) { return var(x, Axes{axis}, keep, a); }};
    case 4:
      return {fmt::format("argmax over {}", axis), [=](const Tensor& x) { return argmax(x, axis, keep); }};
    case 5:
      return {fmt::format("softmax over {}", axis), [=](const Tensor& x) { return softmax(x, axis); }};
    case 6:
      return {"x x + 1", [=](const Tensor& x) { return x * x + 1.0; }};
    case 7:
      return {fmt::format("pad({}, {}, {})", axis, a, b),
              [=](const Tensor& x) { return pad(x, axis, a, b, 5); }};
    case 8:
      return {fmt::format("concat along {}", axis), [=](const Tensor& x) { return concat({x, x}, axis); }};
    case 9:
      return {fmt::format("stack along {}", axis), [=](const Tensor& x) { return stack({x, x}, axis); }};
    case 10:
      return {fmt::format("split({}) along {}", fmt::join(some, ", "), axis),
              [=](const Tensor& x) { return concat(split(x, some, axis), axis); }};
    case 11:
      return {fmt::format("index_select({}) along {}", fmt::join(some, ", "), axis),
              [=](const Tensor& x) { return index_select(x, axis, tensor(some)); }};
    case 12:
      return {fmt::format("embedding({})", fmt::join(some, ", ")),
              [=](const Tensor& x) { return embedding(x, tensor(some)); }};
    default:
      return {fmt::format("cross_entropy, ignoring {}", a), [=](const Tensor& x) {
                const Tensor targets =
                    full({std::max<int64_t>(0, x.rank() < 2 ? 0 : x.size(0))}, 1, DType::i64);
                return cross_entropy(x, targets, {.ignore_index = a});
              }};
  }
}

bool same(const Tensor& x, const Tensor& y) {
  if (x.shape() != y.shape() || x.dtype() != y.dtype()) return false;
  const std::vector<double> a = x.to(DType::f64).to_vector<double>(),
                            b = y.to(DType::f64).to_vector<double>();
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](double u, double v) { return u == v || (u != u && v != v); });
}

/// What views of one small tensor show, step after step; then an op of the last one beside that of its copy.
void check_views(Rng& rng) {
  const Shape shape = sizes(rng, 4, false);
  const Tensor base = base_of(rng, shape).requires_grad();
  const std::vector<double> values = base.to_vector<double>();
  Tensor x = base;
  ViewModel model = ViewModel::of(shape);
  bool small = true;  // so far, all of it could be copied
  for (int64_t i = 0, steps = rng.between(1, 6); i < steps; ++i) {
    const Step step = random_step(rng, model.shape);
    CAPTURE(model.shape, step.what);
    const std::optional<ViewModel> wanted = step.definition(model);
    // To copy what has no strides in the new shape may need more memory than there is, or much of it.
    const bool copies = step.what.starts_with("reshape");
    if (copies && wanted && model.shape.numel() > few) continue;
    const Outcome found = attempt([&] { return step.method(x); });
    CAPTURE(found.error);
    REQUIRE(found.tensor.has_value() == wanted.has_value());
    if (!wanted) continue;
    REQUIRE(found.tensor->shape() == wanted->shape);
    x = *found.tensor;
    model = *wanted;
    check_elements(rng, x, model, values);
    small = small && x.numel() <= few && std::all_of(model.shape.begin(), model.shape.end(), is_asked_for);
  }
  if (!small) return;
  CAPTURE(model.shape);
  check_all(x, model, base);
  const auto [what, op] = random_op(rng, model.shape);
  CAPTURE(what);
  const Outcome of_view = attempt([&] { return op(x.detach()); });
  const Outcome of_copy = attempt([&] { return op(x.detach().clone()); });
  CAPTURE(of_view.error, of_copy.error);
  REQUIRE(of_view.error == of_copy.error);
  if (of_view.tensor) REQUIRE(same(*of_view.tensor, *of_copy.tensor));
}

/// Tensors of any shape: made, or refused because a size is negative or all are too many.
void check_factories(Rng& rng) {
  const Shape shape = sizes(rng, 4, true);
  CAPTURE(shape);
  const bool fits = is_countable(shape);
  if (fits && !is_asked_for(shape.numel())) return;
  const Outcome made = attempt([&] { return full(shape, 3, DType::f64); });
  CAPTURE(made.error);
  REQUIRE(made.tensor.has_value() == (fits && shape.numel() <= few));
  const int64_t n = number(rng, -2, 9);
  if (!is_asked_for(n)) return;
  REQUIRE(attempt([&] { return arange(n); }).tensor.has_value() == (n >= 0 && n <= few));
  REQUIRE(attempt([&] { return eye(n); }).tensor.has_value() == (n >= 0 && n <= few));
}

}  // namespace

TEST_CASE("sizes: random shapes, views, indices and ops do what their definitions say", "[sizes]") {
  const uint64_t cases = setting("GRADUS_SIZE_CASES", 20000), seed = setting("GRADUS_SIZE_SEED", 1);
  for (uint64_t i = 0; i < cases; ++i) {
    Rng rng = Rng(seed).split(i);
    CAPTURE(seed, i);
    check_views(rng);
    if (i % 4 == 0) check_factories(rng);
  }
}

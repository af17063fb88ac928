#include "support/op_check.hpp"

#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/gradcheck.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/layouts.hpp"
#include "support/sanitized.hpp"

namespace gradus::test {
namespace {

/// Entries of both signs, 0.5 <= |v| <= 2.
Tensor uneven(const Shape& shape) {
  Rng rng(991);
  std::vector<double> entries;
  for (int64_t i = 0, n = shape.numel(); i < n; ++i) {
    entries.push_back((0.5 + 1.5 * rng.uniform()) * (rng.chance(0.5) ? 1 : -1));
  }
  return tensor(entries, shape);
}

void check_order(const Op& op, const Inputs& inputs, bool second_order) {
  const GradcheckReport report = gradcheck(op, inputs, {.sample = elements(0), .second_order = second_order});
  INFO((second_order ? "second order\n" : "first order\n") << to_string(report));
  CHECK(report.passed);
}

bool is_checked(const Tensor& x) { return x.defined() && is_float(x.dtype()); }

}  // namespace

Tensor random_tensor(const Shape& shape, uint64_t seed, Range range, DType dtype) {
  // One value from each of n equal parts of the range, in random order: no two are so close that differences
  // could step over a tie.
  Rng rng(seed);
  const int64_t n = shape.numel();
  std::vector<double> entries;
  for (int64_t i = 0; i < n; ++i) {
    const double share = (static_cast<double>(i) + 0.25 + 0.5 * rng.uniform()) / static_cast<double>(n);
    entries.push_back(range.low + (range.high - range.low) * share);
  }
  rng.shuffle(entries);
  return tensor(entries, shape).to(dtype);
}

Inputs random_inputs(const std::vector<Shape>& shapes, Range range, DType dtype) {
  Inputs inputs;
  for (size_t i = 0; i < shapes.size(); ++i) {
    inputs.push_back(random_tensor(shapes[i], 100 * i + 7, range, dtype));
  }
  return inputs;
}

void check_gradients(const Op& op, const Inputs& inputs) {
  for (const bool second_order : {false, true}) check_order(op, inputs, second_order);
}

void check_layouts(const Op& op, const std::vector<Shape>& shapes, Range range) {
  const Inputs inputs = random_inputs(shapes, range);
  check_gradients(op, inputs);
  for (const Layout& layout : layouts()) {
    INFO(layout.name);
    const auto of_shown = [&](const Inputs& leaves) { return op(shown(layout, leaves, shapes)); };
    for (const bool second_order : {false, true}) {
      if (!second_order || !layout.equal_rows) check_order(of_shown, stored(layout, inputs), second_order);
    }
  }
}

void check_elementwise(const Op& op, int count, Range range) {
  const auto shapes = [count](const Shape& shape) {
    return std::vector<Shape>(static_cast<size_t>(count), shape);
  };
  check_layouts(op, shapes({2, 3, 4}), range);
  for (int64_t n = 1; n <= 17; ++n) {
    INFO("a vector of " << n);
    check_gradients(op, random_inputs(shapes({n}), range));
  }
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{1, 1, 1}}) {
    check_gradients(op, random_inputs(shapes(shape), range));
  }
  for (const Shape& shape : {Shape{0}, Shape{2, 0, 3}}) check_empty(op, shapes(shape));
}

Inputs gradients_of(const Op& op, const Inputs& inputs, bool create_graph) {
  Inputs leaves, wanted;
  for (const Tensor& input : inputs) {
    leaves.push_back(input);
    if (!is_checked(input)) continue;
    // The same memory and strides, so that a view stays a view.
    leaves.back() = input.detach().requires_grad();
    wanted.push_back(leaves.back());
  }
  const Tensor y = op(leaves);
  Inputs found = grad({y}, wanted, {uneven(y.shape()).to(y.dtype())},
                      {.create_graph = create_graph, .allow_unused = true});
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!found[i].defined()) found[i] = zeros(wanted[i].shape(), wanted[i].dtype());
  }
  return found;
}

void check_empty(const Op& op, const std::vector<Shape>& shapes) {
  const Inputs inputs = random_inputs(shapes);
  for (const bool create_graph : {false, true}) {
    const Inputs found = gradients_of(op, inputs, create_graph);
    REQUIRE(found.size() == shapes.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      INFO("input " << i << " of shape " << to_string(shapes[i]));
      CHECK(found[i].shape() == shapes[i]);
      CHECK(values(found[i]) == std::vector<double>(static_cast<size_t>(shapes[i].numel()), 0));
    }
  }
  check_gradients(op, inputs);
}

void check_twins(const Op& fused, const Op& twin, const Inputs& inputs, double f64_bound, double f32_bound) {
  for (const DType dtype : {DType::f64, DType::f32}) {
    const double bound = dtype == DType::f64 ? f64_bound : f32_bound;
    Inputs typed;
    for (const Tensor& input : inputs) {
      typed.push_back(is_checked(input) ? input.to(dtype) : input);
    }
    INFO(name(dtype));
    CHECK(difference(fused(typed), twin(typed)) <= bound);
    const Inputs expected = gradients_of(twin, typed);
    for (const bool create_graph : {false, true}) {
      const Inputs found = gradients_of(fused, typed, create_graph);
      for (size_t i = 0; i < found.size(); ++i) {
        INFO((create_graph ? "recorded" : "plain") << " gradient " << i);
        CHECK(difference(found[i], expected[i]) <= bound);
      }
    }
  }
}

std::vector<double> values(const Tensor& x) { return x.detach().to(DType::f64).to_vector<double>(); }

double difference(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() ? worst_error(values(a), values(b)) : INFINITY;
}

}  // namespace gradus::test

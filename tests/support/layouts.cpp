#include "support/layouts.hpp"

#include "autograd/ops.hpp"

namespace gradus::test {
namespace {

Tensor reversed(const Tensor& x) {
  Axes order;
  for (int axis = x.rank() - 1; axis >= 0; --axis) order.push_back(axis);
  return x.permute(order);
}

/// Other numbers lie where they must not be read.
Tensor others(const Tensor& x) { return x * 1.01; }

Tensor with_others_between(const Tensor& x) {
  Shape doubled = x.shape();
  doubled[x.rank() - 1] *= 2;
  return stack({x, others(x)}, -1).reshape(doubled);
}

}  // namespace

const std::vector<Layout>& layouts() {
  using Show = std::function<Tensor(const Tensor&, const Shape&)>;
  const Show broadcast = [](const Tensor& x, const Shape& shape) { return x.expand(shape); };
  static const std::vector<Layout> all = {
      {"transposed", reversed, [](const Tensor& x, const Shape&) { return reversed(x); }},
      {"broadcast along the first axis", [](const Tensor& x) { return x.slice(0, 0, 1); }, broadcast},
      {"broadcast along the last axis", [](const Tensor& x) { return x.slice(-1, 0, 1); }, broadcast, true},
      {"every second element", with_others_between,
       [](const Tensor& x, const Shape&) { return x.slice(-1, 0, x.size(-1), 2); }},
      {"the second half",
       [](const Tensor& x) {
         return concat({others(x), x}, 0);
       },
       [](const Tensor& x, const Shape&) { return x.slice(0, x.size(0) / 2, x.size(0)); }},
  };
  return all;
}

std::vector<Tensor> stored(const Layout& layout, const std::vector<Tensor>& inputs) {
  std::vector<Tensor> result;
  for (const Tensor& x : inputs) result.push_back(layout.store(x).contiguous());
  return result;
}

std::vector<Tensor> shown(const Layout& layout, const std::vector<Tensor>& stored,
                          const std::vector<Shape>& shapes) {
  std::vector<Tensor> result;
  for (size_t i = 0; i < stored.size(); ++i) result.push_back(layout.show(stored[i], shapes[i]));
  return result;
}

std::vector<Shape> shapes_of(const std::vector<Tensor>& inputs) {
  std::vector<Shape> shapes;
  for (const Tensor& x : inputs) shapes.push_back(x.shape());
  return shapes;
}

}  // namespace gradus::test

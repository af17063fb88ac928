// The ways in which a tensor may lie in memory, for tests that give an op the same values in each of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::test {

/// A dense tensor to start from, and the view of it that an op is given: show(store(x), x.shape()). A layout
/// with a stride of 0 repeats x's first values, every other shows x.
struct Layout {
  std::string name;
  std::function<Tensor(const Tensor& x)> store;
  std::function<Tensor(const Tensor& stored, const Shape& shape)> show;
  /// Each row shows one value. Its variance is then rounding and nothing else, and so are second derivatives
  /// of what divides by it.
  bool equal_rows = false;
};

/// All but the dense one.
const std::vector<Layout>& layouts();

/// The inputs as `layout` stores them: dense, and leaves.
std::vector<Tensor> stored(const Layout& layout, const std::vector<Tensor>& inputs);

/// What is seen of them, in these shapes.
std::vector<Tensor> shown(const Layout& layout, const std::vector<Tensor>& stored,
                          const std::vector<Shape>& shapes);

std::vector<Shape> shapes_of(const std::vector<Tensor>& inputs);

}  // namespace gradus::test

// Subjects: arithmetic, comparison and choice, reductions, products.
#include "autograd/ops.hpp"
#include "gradlab/subject.hpp"

namespace gradus::lab {
namespace {

Subject op(const std::string& name, const std::vector<Shape>& shapes, Function fn, bool smooth = true,
           double low = -2, double high = 2) {
  const auto sample = [=](uint64_t seed) {
    Inputs inputs;
    for (size_t i = 0; i < shapes.size(); ++i) inputs.push_back(spread(shapes[i], 97 * seed + i, low, high));
    return Sample{fn, inputs};
  };
  return {name, "op", sample, smooth};
}

/// True and false in turns of two.
Tensor stripes(const Shape& shape) {
  std::vector<bool> bits;
  for (int64_t i = 0; i < shape.numel(); ++i) bits.push_back(i / 2 % 2 == 0);
  return tensor(bits, shape);
}

}  // namespace

std::vector<Subject> arithmetic_subjects() {
  // The square variants: there a wrong axis, or a forgotten transpose, gives the right shape.
  const std::vector<Shape> broadcast = {{3, 4}, {4}}, square = {{3, 3}, {3, 3}};
  return {
      op(
          "add", broadcast, [](const Inputs& x) { return add(x[0], x[1]); }, false),
      op(
          "add.square", square, [](const Inputs& x) { return add(x[0], x[1].select(0, 0)); }, false),
      op(
          "sub", broadcast, [](const Inputs& x) { return sub(x[0], x[1]); }, false),
      op(
          "mul", broadcast, [](const Inputs& x) { return mul(x[0], x[1]); }, false),
      op(
          "div", broadcast, [](const Inputs& x) { return div(x[0], x[1]); }, true, 0.7, 2.5),
      op(
          "neg", {{3, 4}}, [](const Inputs& x) { return neg(x[0]); }, false),
      op(
          "maximum", broadcast, [](const Inputs& x) { return maximum(x[0], x[1]); }, false),
      op(
          "minimum", broadcast, [](const Inputs& x) { return minimum(x[0], x[1]); }, false),
      op(
          "add.number", {{3, 4}}, [](const Inputs& x) { return add(x[0], 1.5); }, false),
      op(
          "mul.number", {{3, 4}}, [](const Inputs& x) { return mul(x[0], -2.5); }, false),
      op(
          "pow", {{3, 4}}, [](const Inputs& x) { return pow(x[0], 2.5); }, true, 0.7, 2.5),
      op(
          "where", {{3, 4}, {3, 4}},
          [](const Inputs& x) {
            return where(stripes({3, 4}), x[0], x[1]);
          },
          false),
      op(
          "masked_fill", {{3, 4}}, [](const Inputs& x) { return masked_fill(x[0], stripes({4}), 7); }, false),
      op(
          "sum", {{3, 4}}, [](const Inputs& x) { return sum(x[0], Axes{0}); }, false),
      op(
          "sum.square", {{3, 3}}, [](const Inputs& x) { return sum(x[0], Axes{0}); }, false),
      op(
          "mean", {{3, 4}}, [](const Inputs& x) { return mean(x[0], Axes{1}, true); }, false),
      op(
          "max", {{3, 4}}, [](const Inputs& x) { return max(x[0], Axes{1}); }, false),
      op(
          "min", {{3, 4}}, [](const Inputs& x) { return min(x[0], Axes{0}); }, false),
      op(
          "var", {{3, 4}}, [](const Inputs& x) { return var(x[0], Axes{1}); }, false),
      op("logsumexp", {{3, 4}}, [](const Inputs& x) { return logsumexp(x[0], Axes{1}); }),
      op(
          "sum_to", {{3, 4}}, [](const Inputs& x) { return sum_to(x[0], {4}); }, false),
      op(
          "matmul", {{2, 3, 4}, {4, 5}}, [](const Inputs& x) { return matmul(x[0], x[1]); }, false),
      op(
          "matmul.square", square, [](const Inputs& x) { return matmul(x[0], x[1]); }, false),
      op(
          "linear", {{3, 4}, {5, 4}, {5}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); }, false),
      op(
          "linear.square", {{3, 3}, {3, 3}, {3}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); },
          false),
  };
}

}  // namespace gradus::lab

// Subjects: arithmetic, comparison and choice, reductions, products.
#include "autograd/ops.hpp"
#include "gradlab/op_subject.hpp"

namespace gradus::lab {

std::vector<Subject> arithmetic_subjects() {
  const std::vector<Pattern> one = {{rows(3), size(4)}}, broadcast = {{rows(3), size(4)}, {size(4)}};
  // There a wrong axis, or a forgotten transpose, gives the right shape.
  const std::vector<Pattern> square = {{3, 3}, {3, 3}};
  const OpTraits straight = {.smooth = false}, positive = {.low = 0.7, .high = 2.5};
  // Reductions that need one element.
  const OpTraits some = {.least_size = 1}, some_straight = {.smooth = false, .least_size = 1};
  return {
      op_subject(
          "add", broadcast, [](const Inputs& x) { return add(x[0], x[1]); }, straight),
      op_subject(
          "add.square", square, [](const Inputs& x) { return add(x[0], x[1].select(0, 0)); }, straight),
      op_subject(
          "sub", broadcast, [](const Inputs& x) { return sub(x[0], x[1]); }, straight),
      op_subject(
          "mul", broadcast, [](const Inputs& x) { return mul(x[0], x[1]); }, straight),
      op_subject(
          "div", broadcast, [](const Inputs& x) { return div(x[0], x[1]); }, positive),
      op_subject(
          "neg", one, [](const Inputs& x) { return neg(x[0]); }, straight),
      op_subject(
          "maximum", broadcast, [](const Inputs& x) { return maximum(x[0], x[1]); }, straight),
      op_subject(
          "minimum", broadcast, [](const Inputs& x) { return minimum(x[0], x[1]); }, straight),
      op_subject(
          "add.number", one, [](const Inputs& x) { return add(x[0], 1.5); }, straight),
      op_subject(
          "mul.number", one, [](const Inputs& x) { return mul(x[0], -2.5); }, straight),
      op_subject(
          "div.number", one, [](const Inputs& x) { return div(x[0], -2.5); }, straight),
      op_subject(
          "maximum.number", one, [](const Inputs& x) { return maximum(x[0], 0.25); }, straight),
      op_subject(
          "minimum.number", one, [](const Inputs& x) { return minimum(x[0], 0.25); }, straight),
      op_subject(
          "pow", one, [](const Inputs& x) { return pow(x[0], 2.5); }, positive),
      op_subject(
          "where", {{rows(3), size(4)}, {rows(3), size(4)}},
          [](const Inputs& x) { return where(stripes(x[0].shape()), x[0], x[1]); }, straight),
      op_subject(
          "where.number", one,
          [](const Inputs& x) {
            const Tensor mask = stripes(x[0].shape());
            return where(mask, x[0], 0.5) + 2 * where(mask, -1.5, x[0]);
          },
          straight),
      op_subject(
          "masked_fill", one, [](const Inputs& x) { return masked_fill(x[0], stripes({x[0].size(1)}), 7); },
          straight),
      op_subject(
          "sum", {{size(3), rows(4)}}, [](const Inputs& x) { return sum(x[0], Axes{0}); }, straight),
      op_subject(
          "sum.square", {{3, 3}}, [](const Inputs& x) { return sum(x[0], Axes{0}); }, straight),
      op_subject(
          "mean", one, [](const Inputs& x) { return mean(x[0], Axes{1}, true); }, some_straight),
      op_subject(
          "max", one, [](const Inputs& x) { return max(x[0], Axes{1}); }, some_straight),
      op_subject(
          "min", {{size(3), rows(4)}}, [](const Inputs& x) { return min(x[0], Axes{0}); }, some_straight),
      op_subject("var", one, [](const Inputs& x) { return var(x[0], Axes{1}); },
                 {.smooth = false, .least_size = 2}),
      op_subject(
          "logsumexp", one, [](const Inputs& x) { return logsumexp(x[0], Axes{1}); }, some),
      op_subject(
          "sum_to", one, [](const Inputs& x) { return sum_to(x[0], {x[0].size(1)}); }, straight),
      op_subject(
          "matmul", {{2, rows(3), size(4)}, {size(4), 5}}, [](const Inputs& x) { return matmul(x[0], x[1]); },
          straight),
      op_subject(
          "matmul.square", square, [](const Inputs& x) { return matmul(x[0], x[1]); }, straight),
      op_subject(
          "linear", {{rows(3), size(4)}, {5, size(4)}, {5}},
          [](const Inputs& x) { return linear(x[0], x[1], x[2]); }, straight),
      op_subject(
          "linear.square", {{3, 3}, {3, 3}, {3}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); },
          straight),
  };
}

}  // namespace gradus::lab

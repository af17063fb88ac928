// The exercises of chapter 3. Replace each unsolved<...>(...) by your answer, mend exercise 2, then:
//
//     ./learn 3 check
#include "tutorials/03_gradient_checking/exercise.hpp"

#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "tutorials/support/exercise.hpp"

namespace gradus::tutorials {

double best_step(double curvature, double rounding) {
  return unsolved<double>("the step at which curvature * h^2 + rounding / h is least");
}

Tensor cubed(const Tensor& x) {
  const Tensor y = x.detach() * x.detach() * x.detach();
  return record("cubed", y, wrt(x, [x = saved(x)](const Tensor& dy) { return x.get() * x * 3.0; }));
}

Tensor centred(const Tensor& x) {
  const Tensor y = x.detach() - mean(x.detach(), Axes{-1}, true);
  return record("centred", y, wrt(x, [](const Tensor& dy) { return dy; }));
}

Tensor scaled_rows(const Tensor& x, const Tensor& s) {
  const Tensor y = x.detach() * s.detach().unsqueeze(1);  // [M, N] * [M, 1]
  return record("scaled_rows", y,
                wrt(x, [s = saved(s)](const Tensor& dy) { return dy * s.get().unsqueeze(1); }),
                wrt(s, [x = saved(x)](const Tensor& dy) { return sum(dy * x, Axes{0}); }));
}

Tensor logistic(const Tensor& x) {
  const Tensor y = sigmoid(x.detach());
  return record("logistic", y, wrt(x, [](const Tensor& dy, const Tensor& p) { return dy * p * (1.0 - p); }));
}

bool has_corner(const std::function<double(double)>& f, double x) {
  return unsolved<bool>("whether the slopes from left and right stay apart as h shrinks");
}

}  // namespace gradus::tutorials

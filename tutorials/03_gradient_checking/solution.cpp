// The exercises of chapter 3, solved.
#include <cmath>

#include "autograd/node.hpp"
#include "autograd/ops.hpp"
#include "tutorials/03_gradient_checking/exercise.hpp"

namespace gradus::tutorials {

double best_step(double curvature, double rounding) {
  // Where the error is least its own derivative is 0: 2 curvature h - rounding / h^2 = 0.
  return std::cbrt(rounding / (2 * curvature));
}

// cubed forgot dy; centred forgot that the mean depends on every element of the row; scaled_rows summed over
// the wrong axis, which only a matrix that is not square shows by its shape. logistic was right.

Tensor cubed(const Tensor& x) {
  const Tensor y = x.detach() * x.detach() * x.detach();
  return record("cubed", y, wrt(x, [x = saved(x)](const Tensor& dy) { return dy * x * x * 3.0; }));
}

Tensor centred(const Tensor& x) {
  const Tensor y = x.detach() - mean(x.detach(), Axes{-1}, true);
  return record("centred", y, wrt(x, [](const Tensor& dy) { return dy - mean(dy, Axes{-1}, true); }));
}

Tensor scaled_rows(const Tensor& x, const Tensor& s) {
  const Tensor y = x.detach() * s.detach().unsqueeze(1);  // [M, N] * [M, 1]
  return record("scaled_rows", y,
                wrt(x, [s = saved(s)](const Tensor& dy) { return dy * s.get().unsqueeze(1); }),
                wrt(s, [x = saved(x)](const Tensor& dy) { return sum(dy * x, Axes{1}); }));
}

Tensor logistic(const Tensor& x) {
  const Tensor y = sigmoid(x.detach());
  return record("logistic", y, wrt(x, [](const Tensor& dy, const Tensor& p) { return dy * p * (1.0 - p); }));
}

bool has_corner(const std::function<double(double)>& f, double x) {
  // The gap between the two slopes shrinks in proportion to h where f is smooth, and stays at a corner. Small
  // steps look past what lies beside x; 1e-6 is still far above what rounding can fake.
  const auto gap = [&](double h) { return std::abs((f(x + h) - f(x)) / h - (f(x) - f(x - h)) / h); };
  const double wide = gap(1e-5), narrow = gap(1e-6);
  return narrow > 1e-4 && narrow > 0.5 * wide;
}

}  // namespace gradus::tutorials

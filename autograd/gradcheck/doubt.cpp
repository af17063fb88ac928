// Is a failure that of backward, or is it lost in rounding what differences would have to show?
#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/error.hpp"
#include "autograd/gradcheck/tensor_check.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

}  // namespace

/// Scores of a million, say, are known to 1e-10 only, and what backward makes of that may be all there is of
/// a gradient that should be 0. Or x is added to 1e16: the outputs do not move, though they depend on it.
bool TensorCheck::is_lost_in_rounding(const Direction& direction, const Measurement& m) {
  if (!gradient_rounding_) {
    gradient_rounding_ = subject_.gradient_rounding ? subject_.gradient_rounding()[at_] : 0.0;
  }
  const double elements = std::sqrt(static_cast<double>(direction.elements.size()));
  if (disagreement(m) <= allowed(m) + trust * *gradient_rounding_ * elements) return true;
  const double h = options_.step / elements;
  return trust * swallowed_by_outputs(direction, h) > inconclusive_above * scale(m);
}

/// The slope that may hide in outputs which stand still at step h, but move at far wider ones.
double TensorCheck::swallowed_by_outputs(const Direction& direction, double h) {
  double size = 1;
  for (const int64_t at : direction.elements) size = std::max(size, std::abs(kept_[static_cast<size_t>(at)]));
  const auto outputs_at = [&](double step) {
    move(direction, step);
    Numbers found;
    try {
      found = subject_.outputs();
    } catch (const Error&) {  // a function may refuse these values
      found = base_;
    }
    return found;
  };
  const Numbers near = outputs_at(h * size), far[] = {outputs_at(0x1p20 * size), outputs_at(0x1p60 * size)};
  move(direction, 0);
  double swallowed = 0;
  for (size_t i = 0; i < base_.size(); ++i) {
    if (near[i] != base_[i] || (far[0][i] == base_[i] && far[1][i] == base_[i])) continue;
    swallowed += epsilon * std::abs(subject_.weights[i] * base_[i]);
  }
  return swallowed / (h * size);
}

}  // namespace gradus::gradchecking

// Is a failure that of backward, or is it lost in rounding what differences would have to show?
#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/gradcheck/tensor_check.hpp"

namespace gradus::gradchecking {

/// Outputs of 1e16 say, to which x adds 1: they do not move, though they depend on it. And scores of a
/// million are known to 1e-10 only: what backward makes of that may be all there is of a gradient that should
/// be 0.
Measurement TensorCheck::in_the_light_of_rounding(Measurement m) {
  Estimate& slope = m.slopes.central;
  slope.noise = std::max(slope.noise, swallowed_by_outputs(m));
  slope.error = std::max(slope.error, slope.noise);
  if (verdict(m) == Verdict::fail)
    m.in_doubt = disagreement(m) <= allowed(m) + trust * largest_rounding(m.along);
  return m;
}

/// The slope that may hide in outputs which stand still at steps up to H, but move at far wider ones: it is
/// eps |output| / H at most. Or in outputs that have no value.
double TensorCheck::swallowed_by_outputs(Measurement& m) {
  const auto outputs_at = [&](double step) {
    move(m.along, step);
    Numbers found;
    try {
      found = claim_.outputs();
    } catch (const Error&) {  // a function may refuse these values
      found = base_;
    }
    return found;
  };
  // Other inputs count where they are far larger.
  const double own = largest(kept_), others = claim_.largest_input;
  const double all = std::min(others > 0x1p20 * own ? others : own, 0x1p1000);
  const double size = std::max(1.0, size_of(m.along));
  std::vector<double> steps = {m.slopes.central.step, 0x1p20 * size, 0x1p40 * size, 0x1p60 * size};
  // As far as what stands beside it, which may be far larger.
  if (all > 0x1p40 * size) steps.push_back(0x1p20 * all);
  std::vector<Numbers> above, below;
  for (const double step : steps) {
    above.push_back(outputs_at(step));
    below.push_back(outputs_at(-step));
  }
  move(m.along, 0);
  // What an output was made from may have been as large as the inputs, and may have cancelled. (This is no
  // reason to doubt a gradient of 0: most of them are right.)
  const bool is_claimed_zero = is_zero(m);
  const double least = is_claimed_zero ? 0 : all;
  double swallowed = 0;
  m.is_constant = true;
  for (size_t i = 0; i < base_.size(); ++i) {
    const auto moves = [&](const Numbers& y) { return !is_same(y[i], base_[i]); };
    size_t still = 0;
    while (still < steps.size() && !moves(above[still]) && !moves(below[still])) ++still;
    const bool has_value = std::isfinite(base_[i]), depends = still < steps.size();
    m.is_constant = m.is_constant && !depends;
    if (!has_value && (depends || !is_claimed_zero)) return INFINITY;
    if (!depends || still == 0) continue;
    swallowed +=
        epsilon * std::abs(claim_.weights[i]) * std::max(std::abs(base_[i]), least) / steps[still - 1];
  }
  return swallowed;
}

double TensorCheck::backward_rounding(const Measurement& m) const {
  double most = 0;
  for (const Numbers& change : claim_.rounding()[at_]) {
    double along = 0;
    for (size_t k = 0; k < m.along.elements.size(); ++k)
      along += m.along.signs[k] * change[static_cast<size_t>(m.along.elements[k])];
    if (std::isfinite(along)) most = std::max(most, std::abs(along));
  }
  return most;
}

double TensorCheck::largest_rounding(const Direction& direction) const {
  double most = 0;
  for (const Numbers& change : claim_.rounding()[at_]) {
    if (const double one = largest(change); std::isfinite(one)) most = std::max(most, one);
  }
  return most * std::sqrt(static_cast<double>(direction.elements.size()));
}

double TensorCheck::largest_beyond_rounding() const {
  if (largest_beyond_rounding_) return *largest_beyond_rounding_;
  double found = 0;
  for (size_t i = 0; i < claim_.gradients.size(); ++i) {
    const std::vector<Numbers>& changes = claim_.rounding()[i];
    for (size_t k = 0; k < claim_.gradients[i].size(); ++k) {
      const double size = std::abs(claim_.gradients[i][k]);
      const auto is_real = [&](const Numbers& change) { return size > trust * std::abs(change[k]); };
      if (std::isfinite(size) && size > found && std::all_of(changes.begin(), changes.end(), is_real))
        found = size;
    }
  }
  largest_beyond_rounding_ = found > 0 ? found : 1;
  return *largest_beyond_rounding_;
}

}  // namespace gradus::gradchecking

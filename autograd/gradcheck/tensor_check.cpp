#include "autograd/gradcheck/tensor_check.hpp"

#include <algorithm>

#include "autograd/grad_mode.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double trust = 10;  // agreement is to this many times the estimated error
constexpr int quick_rungs = 5;
constexpr double quick_goal = 1e-10;         // the ladder ends early at this error, times the scale
constexpr double settled = 1e-8;             // ... and goes on from the quick rungs above this one
constexpr double inconclusive_above = 1e-4;  // an estimate larger than this times the scale proves nothing
constexpr double kink_floor = 1e-8;          // slopes that differ by less, times the scale, are one slope
/// Terms of a gradient that cancel leave this behind, times sum |output * weight| over the outputs that move;
/// and rounding on the way, whose size the outputs do not show.
constexpr double cancellation = 256 * epsilon, least_rounding = 1e-11;

bool differ(const Estimate& left, const Estimate& right, double least) {
  return std::abs(right.value - left.value) > trust * (left.error + right.error) + least;
}

const Estimate& nearer(const Estimate& a, const Estimate& b, double value) {
  return std::abs(a.value - value) <= std::abs(b.value - value) ? a : b;
}

}  // namespace

TensorCheck::TensorCheck(const Subject& subject, const Numbers& base, Tensor x, size_t at,
                         const GradcheckOptions& options)
    : subject_(subject),
      base_(base),
      x_(std::move(x)),
      kept_(numbers(x_)),
      gradient_(subject.gradients[at]),
      options_(options),
      largest_gradient_(largest(subject.gradients[at])) {
  double squares = 0;
  for (const double g : gradient_) squares += g * g;
  gradient_length_ = std::isfinite(squares) ? std::sqrt(squares) : INFINITY;
  for (const Numbers& gradient : subject.gradients) {
    if (const double one = largest(gradient); std::isfinite(one)) {
      largest_of_all_ = std::max(largest_of_all_, one);
    }
  }
}

TensorCheck::~TensorCheck() { assign(x_, kept_); }

Measurement TensorCheck::element(int64_t at) {
  Measurement m = measure({{at}, {1}});
  m.element = at;
  return m;
}

Measurement TensorCheck::along(int64_t number, Rng& rng) {
  Direction all;
  for (int64_t i = 0; i < total(); ++i) {
    all.elements.push_back(i);
    all.signs.push_back(rng.chance(0.5) ? 1 : -1);
  }
  Measurement m = measure(all);
  m.direction = number;
  if (verdict(m) == Verdict::pass || total() == 1) return m;
  return blame(all, m);
}

Verdict TensorCheck::verdict(const Measurement& m) const {
  const Slopes& s = m.slopes;
  const double size = scale(m);
  const auto has = [&](const Estimate& side) {
    return settles(side, size) || (s.jump && is_nothing(side, m));
  };
  if (has(s.left) && has(s.right) &&
      (s.jump || differ(s.left, s.right, kink_floor * size + trust * (s.left.noise + s.right.noise)))) {
    const double low = std::min(s.left.value, s.right.value), high = std::max(s.left.value, s.right.value);
    const double error = trust * (s.left.error + s.right.error) + options_.tolerance * size;
    return m.analytic >= low - error && m.analytic <= high + error ? Verdict::kink : Verdict::fail;
  }
  if (is_zero(m)) return Verdict::pass;
  if (s.jump || !settles(s.central, size)) {
    return std::isfinite(m.analytic) ? Verdict::inconclusive : Verdict::fail;
  }
  return agrees(m) ? Verdict::pass : Verdict::fail;
}

bool TensorCheck::settles(const Estimate& slope, double size) const {
  // What noise makes us allow must be small itself, or it would hide a wrong gradient.
  // A gradient that is next to nothing beside others need not be known as well as they are.
  const double most = std::max(inconclusive_above * std::max(size, std::abs(slope.value)),
                               options_.tolerance * largest_of_all_);
  return slope.error <= most && trust * slope.noise <= most;
}

double TensorCheck::left_over(const Measurement& m) const {
  return std::max(least_rounding, cancellation * std::max(m.moved, largest_of_all_));
}

bool TensorCheck::is_nothing(const Estimate& slope, const Measurement& m) const {
  const double rounding = trust * slope.noise, beside = largest_of_all_ > left_over(m) ? largest_of_all_ : 1;
  return std::abs(slope.value) <= rounding && rounding <= inconclusive_above * beside;
}

bool TensorCheck::is_zero(const Measurement& m) const {
  const Estimate& slope = m.slopes.central;
  const bool unresolved = !settles(slope, scale(m)) && std::abs(slope.value) <= least_rounding;
  return !m.slopes.jump && (unresolved || is_nothing(slope, m)) && std::abs(m.analytic) <= left_over(m);
}

double TensorCheck::excess(const Measurement& m) const {
  const double difference = disagreement(m);
  return std::isfinite(difference) ? difference / allowed(m) : INFINITY;
}

double TensorCheck::scale(const Measurement& m) const {
  const double numeric = std::abs(m.slopes.central.value);
  return std::isfinite(numeric) ? std::max(std::min(typical(m), 1e300), numeric) : typical(m);
}

double TensorCheck::typical(const Measurement& m) const {
  return m.element >= 0 ? largest_gradient_ : gradient_length_;
}

double TensorCheck::allowed(const Measurement& m) const {
  return trust * m.slopes.central.error + options_.tolerance * scale(m);
}

bool TensorCheck::agrees(const Measurement& m) const {
  return std::abs(m.analytic - m.slopes.central.value) <= allowed(m);
}

double TensorCheck::disagreement(const Measurement& m) const {
  const double difference = std::abs(m.analytic - m.slopes.central.value);
  return std::isfinite(difference) ? difference : INFINITY;
}

Measurement TensorCheck::measure(const Direction& direction) {
  Measurement m;
  double size = 0, squares = 0;
  for (size_t k = 0; k < direction.elements.size(); ++k) {
    const auto at = static_cast<size_t>(direction.elements[k]);
    m.analytic += direction.signs[k] * gradient_[at];
    size = std::max(size, std::abs(kept_[at]));
    squares += 1;
  }
  if (direction.elements.size() == 1) m.element = direction.elements[0];
  const double first = options_.step * std::max(1.0, size) / std::sqrt(squares);
  Ladder ladder([&](double h) { return rung(direction, size, h, m.moved); }, first);
  const double expected = std::min(typical(m), 1e300);
  const auto climb = [&](int rungs) {
    ladder.climb(rungs, quick_goal * expected);
    m.slopes = ladder.slopes();
    // Narrower steps do not improve what rounding limits.
    const Estimate& found = m.slopes.central;
    const double limit = std::min(trust * found.noise, 0.1 * inconclusive_above * expected);
    return agrees(m) && found.error <= std::max(settled * expected, limit) && verdict(m) == Verdict::pass &&
           !ladder.sees_kink(kink_floor * expected + trust * found.noise);
  };
  // Narrower steps get past a nearby kink, and show a kink at x for what it is.
  if (!climb(quick_rungs) && !climb(quick_rungs + 4)) {
    ladder.climb_all();
    m.slopes = ladder.slopes();
  }
  if (m.slopes.jump) m.slopes.central = nearer(m.slopes.left, m.slopes.right, m.analytic);
  move(direction, 0);
  return m;
}

void TensorCheck::move(const Direction& direction, double h) {
  const NoGrad no_grad;
  double* data = x_.mutable_data<double>();
  for (size_t k = 0; k < direction.elements.size(); ++k) {
    const auto at = static_cast<size_t>(direction.elements[k]);
    data[at] = kept_[at] + h * direction.signs[k];
  }
}

Rung TensorCheck::rung(const Direction& direction, double size, double h, double& most_moved) {
  move(direction, h);
  const Numbers above = subject_.outputs();
  move(direction, -h);
  const Numbers below = subject_.outputs();
  // Outputs are subtracted before they are summed: what does not depend on x then adds no rounding.
  long double both = 0, right = 0, left = 0, moved = 0;
  for (size_t i = 0; i < base_.size(); ++i) {
    if (above[i] == below[i] && above[i] == base_[i]) continue;
    const double v = subject_.weights[i];
    both += v * (above[i] - below[i]);
    right += v * (above[i] - base_[i]);
    left += v * (base_[i] - below[i]);
    moved += std::abs(v) * std::max(std::abs(above[i]), std::abs(below[i]));
  }
  if (std::isfinite(moved)) most_moved = std::max(most_moved, static_cast<double>(moved));
  // An x + h that falls between two numbers is off by eps |x| / 2 at most.
  return {h,
          static_cast<double>(both) / (2 * h),
          static_cast<double>(left) / h,
          static_cast<double>(right) / h,
          epsilon * static_cast<double>(moved),
          epsilon * 0.5 * size};
}

}  // namespace gradus::gradchecking

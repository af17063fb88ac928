#include "autograd/gradcheck/tensor_check.hpp"

#include <algorithm>

namespace gradus::gradchecking {
namespace {

/// Rounding on the way may leave this much of a gradient that is 0, whatever the function. And rounding that
/// would change the function by this many times its own size, as that of sin(1e15), explains nothing.
constexpr double least_rounding = 1e-11, most_rounding = 100;
/// A bend of more than this, times the scale, is no longer one slope, however large the tolerance.
constexpr double most_kink_floor = 1e-8;
/// What is this large may overflow on its way.
constexpr double nearly_infinite = 0x1p1000;

}  // namespace
TensorCheck::TensorCheck(const Claim& claim, const Numbers& base, Tensor x, size_t at,
                         const GradcheckOptions& options)
    : claim_(claim),
      at_(at),
      base_(base),
      x_(std::move(x)),
      kept_(numbers(x_)),
      gradient_(claim.gradients[at]),
      options_(options),
      largest_gradient_(largest(claim.gradients[at])) {
  has_no_value_ = std::any_of(base.begin(), base.end(), [](double y) { return !std::isfinite(y); });
  for (size_t i = 0; i < base.size(); ++i) {
    const double one = std::abs(claim.weights[i] * base[i]);
    if (std::isfinite(one)) largest_output_ = std::max(largest_output_, one);
  }
  gradient_length_ = 0;
  for (const double g : gradient_) gradient_length_ = std::hypot(gradient_length_, g);
  for (const Numbers& gradient : claim.gradients) {
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

double TensorCheck::size_of(const Direction& direction) const {
  double size = 0;
  for (const int64_t at : direction.elements) size = std::max(size, std::abs(kept_[static_cast<size_t>(at)]));
  return size;
}

Verdict TensorCheck::verdict(const Measurement& m) const {
  const Slopes& s = m.slopes;
  if (!std::isfinite(m.analytic)) {
    // Beside an output without a value, or where the slope grows without end, this may be right.
    const double slope = std::abs(s.central.value);
    const bool may_be = has_no_value_ || !settles(s.central, slope) || slope > nearly_infinite;
    return may_be ? Verdict::inconclusive : Verdict::fail;
  }
  if (m.in_doubt) return Verdict::inconclusive;
  if (m.corner) {
    const double low = std::min(s.left.value, s.right.value), high = std::max(s.left.value, s.right.value);
    const double error = trust * (s.left.error + s.right.error) + options_.tolerance * scale(m);
    if (m.analytic >= low - error && m.analytic <= high + error) return Verdict::kink;
    return std::abs(m.analytic) < m.hidden_slope ? Verdict::fail : Verdict::inconclusive;
  }
  if (s.jump || sides_differ(m)) return Verdict::inconclusive;
  if (is_zero(m)) return Verdict::pass;
  if (!settles(s.central, scale(m))) return Verdict::inconclusive;
  return agrees(m) ? Verdict::pass : Verdict::fail;
}

double TensorCheck::kink_floor(double size) const {
  // The central slope, halfway between them, is then within the tolerance of both.
  return std::min(most_kink_floor, 2 * options_.tolerance) * size;
}

bool TensorCheck::sides_differ(const Measurement& m) const {
  const Estimate &left = m.slopes.left, &right = m.slopes.right;
  const double size = scale(m);
  const auto has = [&](const Estimate& side) {
    return settles(side, size) || (m.slopes.jump && is_nothing(side));
  };
  if (!has(left) || !has(right)) return false;
  const double errors = left.error + right.error + left.noise + right.noise;
  return m.slopes.jump || std::abs(right.value - left.value) > trust * errors + kink_floor(size);
}

bool TensorCheck::settles(const Estimate& slope, double size) const {
  // What noise makes us allow must be small itself, or it would hide a wrong gradient.
  // A gradient that is next to nothing beside others need not be known as well as they are.
  const double most = std::max(inconclusive_above * std::max(size, std::abs(slope.value)),
                               options_.tolerance * largest_of_all_);
  return slope.error <= most && trust * slope.noise <= most;
}

bool TensorCheck::is_nothing(const Estimate& slope) const {
  const double error = trust * slope.error, beside = largest_beyond_rounding();
  return std::abs(slope.value) <= error && error <= inconclusive_above * beside;
}

bool TensorCheck::is_zero(const Measurement& m) const {
  if (m.slopes.jump || sides_differ(m) || !is_nothing(m.slopes.central)) return false;
  const double found = std::abs(m.analytic);
  if (found == 0 || (m.is_constant && found <= least_rounding)) return true;
  const double rounding = trust * backward_rounding(m);
  const double function = std::max(m.slopes.magnitude, largest_output_);
  const double explained = std::max(most_rounding * function, least_rounding);
  return found <= rounding && rounding * size_of(m.along) <= explained;
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

}  // namespace gradus::gradchecking

#include "autograd/gradcheck/tensor_check.hpp"

#include <algorithm>

namespace gradus::gradchecking {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
/// Terms of a gradient that cancel leave this behind, times sum |output * weight| over the outputs that move;
/// and rounding on the way, whose size the outputs do not show.
constexpr double cancellation = 256 * epsilon, least_rounding = 1e-11;

}  // namespace

TensorCheck::TensorCheck(const Subject& subject, const Numbers& base, Tensor x, size_t at,
                         const GradcheckOptions& options)
    : subject_(subject),
      at_(at),
      base_(base),
      x_(std::move(x)),
      kept_(numbers(x_)),
      gradient_(subject.gradients[at]),
      options_(options),
      largest_gradient_(largest(subject.gradients[at])) {
  has_overflow_ = std::any_of(base.begin(), base.end(), [](double y) { return std::isinf(y); });
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
  if (!std::isfinite(m.analytic)) {
    return std::isinf(m.analytic) && has_overflow_ ? Verdict::inconclusive : Verdict::fail;
  }
  if (m.corner) {
    const double low = std::min(s.left.value, s.right.value), high = std::max(s.left.value, s.right.value);
    const double error = trust * (s.left.error + s.right.error) + options_.tolerance * scale(m);
    if (m.analytic >= low - error && m.analytic <= high + error) return Verdict::kink;
    return std::abs(m.analytic) < m.hidden_slope ? Verdict::fail : Verdict::inconclusive;
  }
  if (is_zero(m)) return Verdict::pass;
  if (m.in_doubt || s.jump || sides_differ(m) || !settles(s.central, scale(m))) return Verdict::inconclusive;
  return agrees(m) ? Verdict::pass : Verdict::fail;
}

bool TensorCheck::sides_differ(const Measurement& m) const {
  const Estimate &left = m.slopes.left, &right = m.slopes.right;
  const double size = scale(m);
  const auto has = [&](const Estimate& side) {
    return settles(side, size) || (m.slopes.jump && is_nothing(side, m));
  };
  if (!has(left) || !has(right)) return false;
  const double errors = left.error + right.error + left.noise + right.noise;
  return m.slopes.jump || std::abs(right.value - left.value) > trust * errors + kink_floor * size;
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

}  // namespace gradus::gradchecking

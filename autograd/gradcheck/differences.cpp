// The check by differences: every tensor, by elements and along directions, each slope from a ladder of
// steps.
#include <algorithm>
#include <numeric>
#include <optional>

#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/ladder.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double trust = 10;  // agreement is to this many times the estimated error
constexpr int quick_rungs = 5;
constexpr double quick_goal = 1e-10;         // the ladder ends early at this error, times the scale
constexpr double settled = 1e-8;             // ... and goes on from the quick rungs above this one
constexpr double inconclusive_above = 1e-4;  // an estimate larger than this times the scale proves nothing
constexpr double kink_floor = 1e-8;          // slopes that differ by less, times the scale, are one slope
/// Terms of a gradient that cancel leave rounding behind: this times max(1, sum |output * weight|).
constexpr double cancellation = 1e-11;

/// Some elements of a tensor, each to be moved by +1 or -1 times the step.
struct Direction {
  std::vector<int64_t> elements;
  std::vector<double> signs;
};

struct Measurement {
  int64_t element = -1, direction = -1;
  double analytic = 0;
  Slopes slopes;
};

/// Everything about one tensor while it is checked. Its values are put back when this goes away.
class TensorCheck {
 public:
  TensorCheck(const Subject& subject, const Numbers& base, Tensor x, const Numbers& gradient,
              const GradcheckOptions& options)
      : subject_(subject),
        base_(base),
        x_(std::move(x)),
        kept_(numbers(x_)),
        gradient_(gradient),
        options_(options),
        largest_gradient_(largest(gradient)) {
    double squares = 0;
    for (const double g : gradient_) squares += g * g;
    gradient_length_ = std::isfinite(squares) ? std::sqrt(squares) : INFINITY;
    double sizes = 0;
    for (size_t i = 0; i < base.size(); ++i) sizes += std::abs(base[i] * subject.weights[i]);
    rounding_ = cancellation * std::max(1.0, std::isfinite(sizes) ? sizes : 1.0);
  }
  ~TensorCheck() { assign(x_, kept_); }
  TensorCheck(const TensorCheck&) = delete;
  TensorCheck& operator=(const TensorCheck&) = delete;

  int64_t total() const { return static_cast<int64_t>(kept_.size()); }

  Measurement element(int64_t at) {
    Measurement m = measure({{at}, {1}});
    m.element = at;
    return m;
  }

  Measurement along(int64_t number, Rng& rng) {
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

  Verdict verdict(const Measurement& m) const {
    const Slopes& s = m.slopes;
    const double size = scale(m);
    const double slack = options_.tolerance * size + rounding_;
    if (s.jump || differ(s.left, s.right, kink_floor * size + rounding_)) {
      const double low = std::min(s.left.value, s.right.value), high = std::max(s.left.value, s.right.value);
      const double error = trust * (s.left.error + s.right.error) + slack;
      return m.analytic >= low - error && m.analytic <= high + error ? Verdict::kink : Verdict::fail;
    }
    if (!(s.central.error <= std::max(inconclusive_above * size, rounding_))) {
      return std::isfinite(m.analytic) ? Verdict::inconclusive : Verdict::fail;
    }
    return agrees(m) ? Verdict::pass : Verdict::fail;
  }

  /// How many times the allowed difference is used up: the worst measurement has the most.
  double excess(const Measurement& m) const {
    const double difference = std::abs(m.analytic - m.slopes.central.value);
    if (!std::isfinite(difference)) return INFINITY;
    return difference / allowed(m);
  }

  /// Is a gradient this small what cancelling terms leave of 0?
  bool is_rounding(double gradient) const { return std::abs(gradient) <= rounding_; }

  double scale(const Measurement& m) const {
    const double typical = m.element >= 0 ? largest_gradient_ : gradient_length_;
    const double numeric = std::abs(m.slopes.central.value);
    return std::isfinite(numeric) ? std::max(std::min(typical, 1e300), numeric) : typical;
  }

 private:
  bool differ(const Estimate& left, const Estimate& right, double least) const {
    return std::abs(right.value - left.value) > trust * (left.error + right.error) + least;
  }

  double allowed(const Measurement& m) const {
    return trust * m.slopes.central.error + options_.tolerance * scale(m) + rounding_;
  }

  bool agrees(const Measurement& m) const {
    return std::abs(m.analytic - m.slopes.central.value) <= allowed(m);
  }

  Measurement measure(const Direction& direction) {
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
    Ladder ladder([&](double h) { return rung(direction, size, h); }, first);
    const double typical = std::min(m.element >= 0 ? largest_gradient_ : gradient_length_, 1e300);
    ladder.climb(quick_rungs, quick_goal * typical);
    m.slopes = ladder.slopes();
    const bool is_clear = agrees(m) && m.slopes.central.error <= std::max(settled * typical, rounding_) &&
                          !ladder.sees_kink(kink_floor * typical + rounding_);
    if (!is_clear) {
      // Narrower steps get past a nearby kink, and show a kink at x for what it is.
      ladder.climb(quick_rungs + 4, quick_goal * typical);
      m.slopes = ladder.slopes();
      if (!agrees(m) || verdict(m) != Verdict::pass) {
        ladder.climb_all();
        m.slopes = ladder.slopes();
      }
    }
    move(direction, 0);
    return m;
  }

  void move(const Direction& direction, double h) {
    const NoGrad no_grad;
    double* data = x_.mutable_data<double>();
    for (size_t k = 0; k < direction.elements.size(); ++k) {
      const auto at = static_cast<size_t>(direction.elements[k]);
      data[at] = kept_[at] + h * direction.signs[k];
    }
  }

  Rung rung(const Direction& direction, double size, double h) {
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
    // An x + h that falls between two numbers is off by eps |x| at most.
    const double slope = static_cast<double>(both) / (2 * h);
    const double noise = epsilon * (static_cast<double>(moved) + 0.5 * size * std::abs(slope));
    return {h, slope, static_cast<double>(left) / h, static_cast<double>(right) / h, noise};
  }

  /// Looks for the element behind a direction that does not agree: halves it again and again, towards the
  /// half with the larger disagreement. Elements at kinks are taken out of the direction, and the search
  /// begins anew.
  Measurement blame(Direction all, const Measurement& whole) {
    std::optional<Measurement> kink;
    for (int attempt = 0; attempt < 8 && !all.elements.empty(); ++attempt) {
      Direction part = all;
      while (part.elements.size() > 1) {
        const auto middle = static_cast<std::ptrdiff_t>(part.elements.size() / 2);
        Direction halves[2] = {{{part.elements.begin(), part.elements.begin() + middle},
                                {part.signs.begin(), part.signs.begin() + middle}},
                               {{part.elements.begin() + middle, part.elements.end()},
                                {part.signs.begin() + middle, part.signs.end()}}};
        const Measurement first = measure(halves[0]), second = measure(halves[1]);
        part = disagreement(first) >= disagreement(second) ? halves[0] : halves[1];
      }
      Measurement found = element(part.elements[0]);
      const Verdict what = verdict(found);
      if (what == Verdict::fail || what == Verdict::inconclusive) return found;
      if (what == Verdict::pass) return kink && verdict(whole) != Verdict::fail ? *kink : whole;
      kink = found;
      const auto at = std::find(all.elements.begin(), all.elements.end(), part.elements[0]);
      all.signs.erase(all.signs.begin() + (at - all.elements.begin()));
      all.elements.erase(at);
      if (all.elements.empty()) break;
      const Measurement rest = measure(all);
      if (verdict(rest) == Verdict::pass) return *kink;
    }
    return whole;
  }

  double disagreement(const Measurement& m) const {
    const double difference = std::abs(m.analytic - m.slopes.central.value);
    return std::isfinite(difference) ? difference : INFINITY;
  }

  const Subject& subject_;
  const Numbers& base_;
  Tensor x_;
  const Numbers kept_;
  const Numbers& gradient_;
  const GradcheckOptions& options_;
  double largest_gradient_, gradient_length_, rounding_;
};

/// Which elements to check one by one.
std::vector<int64_t> chosen_elements(int64_t total, const GradcheckOptions& options, Rng& rng) {
  std::vector<int64_t> chosen;
  if (options.sample == 0 && options.directions > 0) return chosen;
  chosen.resize(static_cast<size_t>(total));
  std::iota(chosen.begin(), chosen.end(), 0);
  if (options.sample == 0 || options.sample >= total) return chosen;
  for (int64_t i = 0; i < options.sample; ++i) {
    std::swap(chosen[static_cast<size_t>(i)], chosen[static_cast<size_t>(rng.between(i, total - 1))]);
  }
  chosen.resize(static_cast<size_t>(options.sample));
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

GradcheckResult summary(const std::string& label, const Shape& shape, const TensorCheck& check,
                        const std::vector<Measurement>& measurements) {
  GradcheckResult result;
  result.name = label;
  result.shape = shape;
  result.total = check.total();
  const Measurement* worst = nullptr;
  double most = -1;
  int64_t kinks = 0;
  for (const Measurement& m : measurements) {
    const Verdict verdict = check.verdict(m);
    kinks += verdict == Verdict::kink ? 1 : 0;
    const double excess = check.excess(m);
    if (worst != nullptr && (verdict < result.verdict || (verdict == result.verdict && excess <= most)))
      continue;
    worst = &m;
    most = excess;
    result.verdict = verdict;
  }
  result.passed = result.verdict <= Verdict::kink;
  if (worst == nullptr) return result;
  const Slopes& s = worst->slopes;
  const double size = check.scale(*worst), difference = std::abs(worst->analytic - s.central.value);
  result.error = size > 0 ? difference / size : difference;
  if (worst->element >= 0) result.index = position(shape, worst->element);
  result.direction = worst->element >= 0 ? -1 : worst->direction;
  result.analytic = worst->analytic;
  result.numeric = s.central.value;
  result.estimate = s.central.error;
  result.step = s.central.step;
  result.left = s.left.value;
  result.right = s.right.value;
  if (result.passed && check.is_rounding(s.central.value) && result.error > 1e-6) {
    result.note = "0 up to rounding";
  }
  if (result.verdict == Verdict::kink) {
    result.note = fmt::format("{} at kinks; slopes {:.6g} from the left, {:.6g} from the right", kinks,
                              s.left.value, s.right.value);
  }
  return result;
}

}  // namespace

GradcheckReport check_by_differences(const Problem& problem, const GradcheckOptions& options) {
  Rng rng(options.seed);
  const Subject subject = options.second_order ? second_order(problem, rng) : first_order(problem, rng);
  const Numbers base = subject.outputs();
  GradcheckReport report;
  report.kind = options.second_order ? "second order" : "first order";
  for (const std::string& sentence : subject.problems) report.add_problem(sentence);
  for (size_t i = 0; i < problem.tensors.size(); ++i) {
    const std::string& label = problem.tensors[i].first;
    const Tensor& x = problem.tensors[i].second;
    TensorCheck check(subject, base, x, subject.gradients[i], options);
    std::vector<Measurement> measurements;
    const std::vector<int64_t> elements = chosen_elements(check.total(), options, rng);
    const int64_t directions = check.total() > 0 ? options.directions : 0;
    const double steps = static_cast<double>(elements.size()) + static_cast<double>(directions);
    const auto progress = [&] {
      if (!options.progress) return;
      const double here = steps > 0 ? static_cast<double>(measurements.size()) / steps : 1;
      options.progress(label, (static_cast<double>(i) + here) / static_cast<double>(problem.tensors.size()));
    };
    for (int64_t k = 0; k < directions; ++k) {
      progress();
      measurements.push_back(check.along(k, rng));
    }
    for (const int64_t element : elements) {
      progress();
      measurements.push_back(check.element(element));
    }
    GradcheckResult result = summary(label, x.shape(), check, measurements);
    result.directions = directions;
    result.checked = elements.empty() ? directions : static_cast<int64_t>(elements.size());
    if (subject.unused[i] && result.note.empty()) result.note = "the output does not depend on it";
    report.add(std::move(result));
  }
  return report;
}

}  // namespace gradus::gradchecking

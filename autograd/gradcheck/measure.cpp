// The slope of one element or along a direction, measured: on the usual ladder of steps, on another where
// that does not settle the matter, and at the smallest steps of all where there seems to be a kink.
#include <algorithm>

#include "autograd/grad_mode.hpp"
#include "autograd/gradcheck/tensor_check.hpp"

namespace gradus::gradchecking {
namespace {

constexpr int quick_rungs = 5;
constexpr double quick_goal = 1e-10;  // the ladder ends early at this error, times the scale
constexpr double settled = 1e-8;      // ... and goes on from the quick rungs above this one
/// A ladder of another scale has to differ by this factor, and to have this many rungs, to say anything new.
constexpr double another_scale = 16;
constexpr int least_rungs = 8;
/// Where a ladder disagrees, the next begins this much narrower; down to steps from which a whole ladder is
/// exact, and to this much of the first.
constexpr double ladder_length = 0x1p-20, finest_scale = 0x1p20, shortest_wave = 0x1p-60;
/// What looks like another wave differs by this part of the slope at least.
constexpr double another_slope = 0.01;
/// A function that scatters by this many times its rounding is noisy.
constexpr double much_scatter = 100;
/// The rounding of numbers so small that they have few digits left.
constexpr double least_noise = 8 * std::numeric_limits<double>::denorm_min();
/// How many steps below the ladder are looked at for a kink, and the smallest at x = 0.
constexpr int closer_looks = 8;
constexpr double smallest_step = 0x1p-900;
/// A bend is seen where it changes the function by this many times its noise, and is the same bend up to a
/// tenth. Functions bend on the scale of 1: it must be seen at this step, or a narrower one, to be a kink.
constexpr double seen = 20, same_bend = 0.1, sharp = 0x1p-17;

const Estimate& nearer(const Estimate& a, const Estimate& b, double value) {
  return std::abs(a.value - value) <= std::abs(b.value - value) ? a : b;
}

/// The smallest step that every x near `size` can make exactly, and its halves below it.
double least_exact_step(double size) {
  return size > 0 ? std::exp2(std::ceil(std::log2(8 * epsilon * size))) : smallest_step;
}

/// A bend or a jump that is to be found again at other steps.
struct Corner {
  double bend = 0, left_jump = 0, right_jump = 0;

  enum class Look : uint8_t { there, hidden, gone };
  /// Is it there between the steps of two rungs, of which one is twice the other?
  Look look(const Rung& wide, const Rung& narrow, double scatter) const {
    const double noise = std::max(scatter, narrow.noise);
    const auto compare = [&](double found, double wanted) {
      if (std::abs(wanted) <= seen * noise) return Look::hidden;
      return std::abs(found - wanted) <= same_bend * std::abs(wanted) + seen / 4 * noise ? Look::there
                                                                                         : Look::gone;
    };
    if (left_jump != 0 || right_jump != 0) {
      return std::max(left_jump != 0 ? compare(narrow.left * narrow.step, left_jump) : Look::there,
                      right_jump != 0 ? compare(narrow.right * narrow.step, right_jump) : Look::there);
    }
    // Twice the narrow one less the wide one: the second derivative drops out.
    const double found = 2 * (narrow.right - narrow.left) - (wide.right - wide.left);
    return compare(found * narrow.step, bend * narrow.step);
  }
};

}  // namespace

Measurement TensorCheck::measure(const Direction& direction) {
  Measurement m = settle(direction);
  if (m.corner || m.in_doubt || !std::isfinite(m.analytic)) return m;
  return verdict(m) == Verdict::fail || is_zero(m) ? in_the_light_of_rounding(std::move(m)) : m;
}

Measurement TensorCheck::settle(const Direction& direction) {
  const double size = size_of(direction);
  const double shortened = options_.step / std::sqrt(static_cast<double>(direction.elements.size()));
  const double usual_step = shortened * std::max(1.0, size), other_step = shortened * std::min(1.0, size);
  // An x + h that falls between two numbers is off by eps |x| / 2 at most.
  Measurement usual = on_ladder(direction, {usual_step, Ladder::all_rungs, epsilon * 0.5 * size, 0}, size);
  // (A slope of 0 at the usual steps may be one that they cannot see.)
  if (verdict(usual) <= Verdict::kink && !is_zero(usual)) return usual;
  // The function may bend on the scale of 1 though x is large, or on that of x though it is small.
  if (size > 0 && usual_step >= another_scale * other_step) {
    const double rungs = std::log2(other_step / least_exact_step(size));
    if (!(rungs >= least_rungs) || other_step < smallest_step * 0x1p300) {
      usual.in_doubt = usual.moves;
      return usual;
    }
    usual = better(usual, on_ladder(direction, narrow_scale(usual, other_step, size), size));
  }
  return usual.corner || usual.slopes.jump ? usual
                                           : in_the_light_of_waves(std::move(usual), usual_step, size);
}

/// A failure: waves that are shorter than all steps look like other, longer ones.
Measurement TensorCheck::in_the_light_of_waves(Measurement usual, double usual_step, double size) {
  const Estimate& found = usual.slopes.central;
  bool is_certain = !usual.noisy;
  for (double step = usual_step; verdict(usual) == Verdict::fail;) {
    const double next = std::max(step * ladder_length, least_exact_step(size) * finest_scale);
    if (next >= step || step < shortest_wave * usual_step) break;
    step = next;
    const Measurement narrow = on_ladder(usual.along, narrow_scale(usual, step, size), size);
    const Estimate& seen = narrow.slopes.central;
    const double difference = std::abs(found.value - seen.value);
    const bool is_another =
        difference > trust * (found.error + seen.error) +
                         another_slope * std::max(std::abs(found.value), std::abs(seen.value));
    if (is_another && verdict(narrow) == Verdict::pass && !is_zero(narrow)) return narrow;
    is_certain = (is_certain && !is_another) || (verdict(narrow) == Verdict::fail && !narrow.noisy);
    usual.in_doubt = is_another && !is_certain;
  }
  if (verdict(usual) == Verdict::fail) usual.in_doubt = !is_certain;
  return usual;
}

/// Steps from `first_step` on, as many as x takes exactly.
Scale TensorCheck::narrow_scale(const Measurement& usual, double first_step, double size) const {
  const double rungs = std::log2(first_step / least_exact_step(size));
  const int most_rungs = static_cast<int>(std::min<double>(rungs, Ladder::all_rungs));
  return {first_step, most_rungs, 0, epsilon * usual.slopes.magnitude};
}

Measurement TensorCheck::better(Measurement usual, const Measurement& other) const {
  if (other.stands_still && usual.noisy) {
    // A function that computes in f32 stands still at narrow steps, whatever its slope.
    usual.in_doubt = true;
    return usual;
  }
  if (verdict(usual) == Verdict::inconclusive) return verdict(other) == Verdict::inconclusive ? usual : other;
  if (verdict(other) <= Verdict::kink && !is_zero(other)) return other;
  const Estimate &a = usual.slopes.central, &b = other.slopes.central;
  if (is_zero(usual) && other.moves && b.error < a.error) return other;
  usual.in_doubt = !(std::abs(a.value - b.value) <= trust * (a.error + b.error));
  return usual;
}

Measurement TensorCheck::on_ladder(const Direction& direction, const Scale& scale, double size) {
  Measurement m;
  m.along = direction;
  for (size_t k = 0; k < direction.elements.size(); ++k)
    m.analytic += direction.signs[k] * gradient_[static_cast<size_t>(direction.elements[k])];
  if (direction.elements.size() == 1) m.element = direction.elements[0];
  const auto probe = [&](double h) {
    double moved = 0;
    const Rung found = rung(direction, scale.shift, h, moved);
    (moved == 0 ? m.stands_still : m.moves) = true;
    return found;
  };
  Ladder ladder(probe, scale.first_step, scale.most_rungs);
  const double expected = std::min(typical(m), 1e300);
  const auto slopes = [&] {
    if (m.stands_still) ladder.assume_rounding(scale.rounding);
    m.slopes = ladder.slopes();
  };
  const auto climb = [&](int rungs) {
    ladder.climb(rungs, quick_goal * expected);
    slopes();
    // Narrower steps do not improve what rounding limits.
    const Estimate& found = m.slopes.central;
    const double limit = std::min(trust * found.noise, 0.1 * inconclusive_above * expected);
    return agrees(m) && found.error <= std::max(settled * expected, limit) && verdict(m) == Verdict::pass &&
           !ladder.sees_kink(kink_floor(expected) + trust * found.noise);
  };
  // Narrower steps get past a nearby kink, and show a kink at x for what it is.
  if (!climb(quick_rungs) && !climb(quick_rungs + 4)) {
    ladder.climb_all();
    slopes();
    m.noisy = ladder.scatter() > much_scatter * epsilon * m.slopes.magnitude;
    if (sides_differ(m)) look_closer(direction, size, ladder, m);
  }
  if (m.slopes.jump) m.slopes.central = nearer(m.slopes.left, m.slopes.right, m.analytic);
  move(direction, 0);
  return m;
}

void TensorCheck::look_closer(const Direction& direction, double size, const Ladder& ladder, Measurement& m) {
  const Slopes& s = m.slopes;
  const Corner corner{s.right.value - s.left.value, s.left_jump, s.right_jump};
  const double scatter = ladder.scatter();
  double narrowest = std::numeric_limits<double>::infinity();
  const auto is_gone = [&](const Rung& wide, const Rung& narrow, double noise) {
    const Corner::Look look = corner.look(wide, narrow, noise);
    if (look == Corner::Look::there) narrowest = narrow.step;
    return look == Corner::Look::gone;
  };
  const std::vector<Rung>& rungs = ladder.rungs();
  const double known_from = std::min(s.left.step, s.right.step);
  for (size_t i = 1; i < rungs.size(); ++i) {
    if (rungs[i].step <= known_from && is_gone(rungs[i - 1], rungs[i], scatter)) return;
  }
  const double from = std::log2(rungs.back().step), to = std::log2(least_exact_step(size));
  std::vector<double> steps;
  for (int k = 1; k <= closer_looks && to < from; ++k) steps.push_back(from + (to - from) * k / closer_looks);
  // A kink at 0 is seen from x no more at steps that are below |x|.
  if (size > 0) steps.push_back(std::min(from, std::log2(size) - 4));
  for (const double step : steps) {
    const double h = std::exp2(std::floor(step));
    double moved = 0;
    const Rung wide = rung(direction, 0, h, moved), narrow = rung(direction, 0, h / 2, moved);
    // Where all that moves has become small, so has its scatter.
    const double shrunk = moved > 0 ? std::min(1.0, narrow.noise / (epsilon * s.magnitude)) : 1;
    if (is_gone(wide, narrow, scatter * shrunk)) return;
  }
  m.corner = narrowest <= sharp;
  if (s.jump) m.hidden_slope = 0.01 * std::max(std::abs(s.left_jump), std::abs(s.right_jump)) / narrowest;
}

void TensorCheck::move(const Direction& direction, double h) {
  const NoGrad no_grad;
  double* data = x_.mutable_data<double>();
  for (size_t k = 0; k < direction.elements.size(); ++k) {
    const auto at = static_cast<size_t>(direction.elements[k]);
    data[at] = kept_[at] + h * direction.signs[k];
  }
}

/// `all_moved` becomes sum |output * weight| over the outputs that changed.
Rung TensorCheck::rung(const Direction& direction, double shift, double h, double& all_moved) {
  move(direction, h);
  const Numbers above = claim_.outputs();
  move(direction, -h);
  const Numbers below = claim_.outputs();
  // Outputs are subtracted before they are summed: what does not depend on x then adds no rounding.
  long double both = 0, right = 0, left = 0, moved = 0;
  for (size_t i = 0; i < base_.size(); ++i) {
    if (is_same(above[i], base_[i]) && is_same(below[i], base_[i])) continue;
    const double v = claim_.weights[i];
    both += v * (above[i] - below[i]);
    right += v * (above[i] - base_[i]);
    left += v * (base_[i] - below[i]);
    moved += std::abs(v) * std::max(std::abs(above[i]), std::abs(below[i]));
  }
  all_moved = static_cast<double>(moved);
  return {h,
          static_cast<double>(both) / (2 * h),
          static_cast<double>(left) / h,
          static_cast<double>(right) / h,
          moved > 0 ? std::max(epsilon * static_cast<double>(moved), least_noise) : 0,
          shift};
}

}  // namespace gradus::gradchecking

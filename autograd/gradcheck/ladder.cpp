#include "autograd/gradcheck/ladder.hpp"

#include <algorithm>
#include <cmath>

namespace gradus {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
/// Eliminating more powers than this only amplifies rounding.
constexpr size_t most_columns = 6;
/// A jump shows in this many rungs in a row.
constexpr size_t jump_rungs = 6;
/// It takes at least this many remainders to tell scatter from chance; and this many at the narrow steps,
/// where a function that computes in f32 stands still at half of them.
constexpr size_t least_remainders = 5, narrow_remainders = 8;
/// Two values differ when they are further apart than this many times their errors.
constexpr double trust = 10;

/// How far slopes of one side change f otherwise than `slope` says, at rungs that are narrower. `at(i)` is
/// the slope at rung i.
template <class At>
double one_sided_contradiction(const std::vector<Rung>& rungs, const Estimate& slope, size_t first, At at) {
  // (1 - 4z)(1 - 8z) leaves no h^2 and h^3 of d(h) = f(x+h) - f(x), where z d(h) = d(h/2); and of c h the
  // part (1 - 4/2)(1 - 8/2).
  const double length = std::sqrt(1.0 + 12 * 12 + 32 * 32);
  double most = 0;
  for (size_t i = first + 2; i < rungs.size(); ++i) {
    if (rungs[i - 2].step >= slope.step) continue;
    const double d = at(i - 2) - 6 * at(i - 1) + 8 * at(i);
    const double left = rungs[i - 2].step * std::abs(d - 3 * slope.value) / length;
    if (std::isfinite(left)) most = std::max(most, left);
  }
  return most;
}

}  // namespace

void Extrapolation::add(double step, double value, double noise) {
  if (!std::isfinite(value)) {
    row_.clear();
    return;
  }
  std::vector<double> row = {value};
  double factor = ratio_;
  for (size_t column = 1; column <= row_.size() && column < most_columns; ++column, factor *= ratio_) {
    const double narrow = row[column - 1], wide = row_[column - 1];
    const double next = narrow + (narrow - wide) / (factor - 1);
    row.push_back(next);
    candidates_.push_back({next, std::max(std::abs(next - narrow), std::abs(next - wide)), step, noise});
  }
  row_ = std::move(row);
}

Ladder::Ladder(Probe probe, double first_step, int most_rungs)
    : probe_(std::move(probe)),
      step_(std::exp2(std::floor(std::log2(first_step)))),
      most_rungs_(most_rungs) {}

void Ladder::climb(int last, double goal) {
  const auto is_done = [&] {
    if (rungs_.size() < 2) return false;
    const double rounding = 4 * magnitude_ / rungs_.back().step;
    const double noise = this->noise() / 2;
    const Estimate found = central_.best([&](const Estimate&) { return noise; });
    return found.error <= std::max(goal, rounding) && !sees_kink(trust * goal);
  };
  while (static_cast<int>(rungs_.size()) < std::min(last, most_rungs_) && !is_done()) climb_one();
}

void Ladder::climb_all() {
  while (static_cast<int>(rungs_.size()) < most_rungs_) climb_one();
}

void Ladder::climb_one() {
  const Rung rung = probe_(step_);
  if (std::isfinite(rung.noise)) magnitude_ = std::max(magnitude_, rung.noise);
  const auto noise = [&](double slope) { return (magnitude_ + rung.shift * std::abs(slope)) / rung.step; };
  central_.add(rung.step, rung.central, noise(rung.central));
  left_.add(rung.step, rung.left, noise(rung.left));
  right_.add(rung.step, rung.right, noise(rung.right));
  rungs_.push_back(rung);
  step_ /= 2;
}

bool Ladder::sees_kink(double least) const {
  const double noise = this->noise();
  const auto same = [&](const Estimate&) { return noise; };
  const Estimate left = left_.best(same), right = right_.best(same);
  return std::abs(right.value - left.value) > trust * (left.error + right.error) + least;
}

Slopes Ladder::slopes() const {
  const double noise = this->noise();
  Slopes found;
  found.central =
      central_.best([&](const Estimate& slope) { return std::max(noise, contradiction(slope)) / 2; });
  const auto side = [&](const Extrapolation& series, double Rung::*slope) {
    return series.best([&](const Estimate& one) { return std::max(noise, contradiction(one, slope)); });
  };
  found.left = side(left_, &Rung::left);
  found.right = side(right_, &Rung::right);
  found.magnitude = magnitude_ / epsilon;
  if (static_cast<int>(rungs_.size()) < most_rungs_) return found;
  found.left_jump = jump(&Rung::left);
  found.right_jump = jump(&Rung::right);
  found.jump = found.left_jump != 0 || found.right_jump != 0;
  if (found.left_jump != 0) found.left = beside(&Rung::left);
  if (found.right_jump != 0) found.right = beside(&Rung::right);
  return found;
}

double Ladder::noise() const {
  // What changed at any step may be rounded at all others, even if it seems to stand still there.
  return std::max(scatter(), 2 * magnitude_);
}

double Ladder::scatter() const {
  // d(h) = f(x+h) - f(x-h) without its terms in h^0, h^1 and h^3: (1 - z)(1 - 2z)(1 - 8z) d, where z d(h) =
  // d(h/2). Divided by the length of the coefficients, so that noise in d keeps its size.
  const double length = std::sqrt(1.0 + 11 * 11 + 26 * 26 + 16 * 16);
  const auto change = [&](size_t i) { return 2 * rungs_[i].step * rungs_[i].central; };
  std::vector<double> remainders;
  for (size_t i = 3; i < rungs_.size(); ++i) {
    const double d = change(i - 3) - 11 * change(i - 2) + 26 * change(i - 1) - 16 * change(i);
    if (std::isfinite(d)) remainders.push_back(std::abs(d) / length);
  }
  const size_t count = remainders.size(), half = count / 2;
  if (count < least_remainders) return 0;
  // The narrow steps of a smooth function leave nothing; nor do most steps, if a kink is near.
  const auto end = remainders.end(), middle = remainders.begin() + static_cast<std::ptrdiff_t>(half);
  const double narrow =
      *std::max_element(end - static_cast<std::ptrdiff_t>(std::min(count, narrow_remainders)), end);
  if (rungs_.back().central == 0) return 3 * narrow;  // it may stand still in a step of a coarse function
  std::nth_element(remainders.begin(), middle, end);
  return 3 * std::min(narrow, *middle);
}

double Ladder::contradiction(const Estimate& slope) const {
  // (1 - 8z)(1 - 32z) leaves no h^3 and h^5 of d(h) = f(x+h) - f(x-h), and of c h the part (1 - 8/2)(1 -
  // 32/2).
  const double length = std::sqrt(1.0 + 40 * 40 + 256 * 256);
  double most = 0;
  for (size_t i = 2; i < rungs_.size(); ++i) {
    if (rungs_[i - 2].step >= slope.step) continue;
    const double d = rungs_[i - 2].central - 20 * rungs_[i - 1].central + 64 * rungs_[i].central;
    const double left = 2 * rungs_[i - 2].step * std::abs(d - 45 * slope.value) / length;
    if (std::isfinite(left)) most = std::max(most, left);
  }
  return most;
}

double Ladder::contradiction(const Estimate& slope, double Rung::*side) const {
  return one_sided_contradiction(rungs_, slope, 0, [&](size_t i) { return rungs_[i].*side; });
}

double Ladder::jump(double Rung::*side) const {
  // The slope doubles with every rung and keeps its sign. That of a noisy function does not.
  if (rungs_.size() <= jump_rungs) return 0;
  const size_t last = rungs_.size() - 1;
  for (size_t i = last; i > last - jump_rungs; --i) {
    const double ratio = rungs_[i].*side / (rungs_[i - 1].*side);
    if (!(ratio > 1.8 && ratio < 2.2)) return 0;
  }
  const double change = rungs_[last].*side * rungs_[last].step, size = std::abs(change);
  // and is no mere step of a coarse function
  return size > 1e4 * magnitude_ && size > trust * scatter() ? change : 0;
}

Estimate Ladder::beside(double Rung::*side) const {
  // With s(h) = (f(x+h) - f(x)) / h, the value at x drops out of 2 s(h) - s(h/2) = (f(x+h) - f(x+h/2)) /
  // (h/2).
  const auto slope = [&](size_t i) { return 2 * (rungs_[i - 1].*side) - rungs_[i].*side; };
  const double jump = std::abs(rungs_.back().*side) * rungs_.back().step;
  Extrapolation series{2};
  for (size_t i = 1; i < rungs_.size(); ++i) {
    const double noise = magnitude_ + epsilon * jump + rungs_[i].shift * std::abs(slope(i));
    series.add(rungs_[i].step, slope(i), noise / rungs_[i].step);
  }
  const double noise = this->noise();
  return series.best(
      [&](const Estimate& one) { return std::max(noise, one_sided_contradiction(rungs_, one, 1, slope)); });
}

Estimate ridders(const std::function<double(double)>& f, double x, double first_step) {
  const double here = f(x);
  const auto probe = [&](double h) {
    const double above = f(x + h), below = f(x - h);
    const double noise = epsilon * std::max({std::abs(above), std::abs(below), std::abs(here)});
    return Rung{h, (above - below) / (2 * h), (here - below) / h, (above - here) / h, noise};
  };
  Ladder ladder(probe, first_step * std::max(1.0, std::abs(x)));
  ladder.climb_all();
  return ladder.slopes().central;
}

}  // namespace gradus

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
/// So many remainders tell scatter from chance, at least; and so many at the narrow steps, where a function
/// that computes in f32 stands still at half of them.
constexpr size_t least_remainders = 5, narrow_remainders = 8;
/// Two values differ when they are further apart than this many times their errors.
constexpr double trust = 10;

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

Ladder::Ladder(Probe probe, double first_step)
    : probe_(std::move(probe)), step_(std::exp2(std::floor(std::log2(first_step)))) {}

void Ladder::climb(int last, double goal) {
  const auto is_done = [&] {
    if (rungs_.size() < 2) return false;
    const double rounding = 4 * magnitude_ / rungs_.back().step;
    const double noise = this->noise() / 2;
    const Estimate found = central_.best([&](const Estimate&) { return noise; });
    return found.error <= std::max(goal, rounding) && !sees_kink(trust * goal);
  };
  while (static_cast<int>(rungs_.size()) < last && !is_done()) climb_one();
}

void Ladder::climb_all() {
  while (static_cast<int>(rungs_.size()) < all_rungs) climb_one();
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
  const auto same = [&](const Estimate&) { return noise; };
  found.left = left_.best(same);
  found.right = right_.best(same);
  found.magnitude = magnitude_ / epsilon;
  if (static_cast<int>(rungs_.size()) < all_rungs) return found;
  const bool left = jumps(&Rung::left), right = jumps(&Rung::right);
  found.jump = left || right;
  if (left) found.left = beside(&Rung::left);
  if (right) found.right = beside(&Rung::right);
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

bool Ladder::jumps(double Rung::*slope) const {
  // The slope doubles with every rung and keeps its sign. That of a noisy function does not.
  const size_t last = rungs_.size() - 1;
  for (size_t i = last; i > last - jump_rungs; --i) {
    const double ratio = rungs_[i].*slope / (rungs_[i - 1].*slope);
    if (!(ratio > 1.8 && ratio < 2.2)) return false;
  }
  const double jump = std::abs(rungs_[last].*slope) * rungs_[last].step;
  return jump > 1e4 * magnitude_ && jump > trust * scatter();  // and is no mere step of a coarse function
}

Estimate Ladder::beside(double Rung::*slope) const {
  // With s(h) = (f(x+h) - f(x)) / h, the value at x drops out of 2 s(h) - s(h/2) = (f(x+h) - f(x+h/2)) /
  // (h/2).
  const double jump = std::abs(rungs_.back().*slope) * rungs_.back().step;
  Extrapolation series{2};
  for (size_t i = 1; i < rungs_.size(); ++i) {
    const double value = 2 * (rungs_[i - 1].*slope) - rungs_[i].*slope;
    const double noise = magnitude_ + epsilon * jump + rungs_[i].shift * std::abs(value);
    series.add(rungs_[i].step, value, noise / rungs_[i].step);
  }
  const double noise = this->noise();
  return series.best([&](const Estimate&) { return noise; });
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

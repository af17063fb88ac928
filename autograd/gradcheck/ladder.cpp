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
    const double error = std::max({std::abs(next - narrow), std::abs(next - wide), noise});
    if (error < best_.error) best_ = {next, error, step};
  }
  row_ = std::move(row);
}

Ladder::Ladder(Probe probe, double first_step)
    : probe_(std::move(probe)), step_(std::exp2(std::floor(std::log2(first_step)))) {}

void Ladder::climb(int last, double goal) {
  const auto is_done = [&] {
    if (rungs_.size() < 2) return false;
    const double rounding = 4 * magnitude_ / rungs_.back().step;
    return central_.best().error <= std::max(goal, rounding) && !sees_kink(trust * goal);
  };
  while (static_cast<int>(rungs_.size()) < last && !is_done()) climb_one();
}

void Ladder::climb_all() {
  while (static_cast<int>(rungs_.size()) < all_rungs) climb_one();
}

void Ladder::climb_one() {
  const Rung rung = probe_(step_);
  // What changed at any step so far may be rounded at this one, even if it seems to stand still.
  if (std::isfinite(rung.noise)) magnitude_ = std::max(magnitude_, rung.noise);
  const auto noise = [&](double slope) { return (magnitude_ + rung.shift * std::abs(slope)) / rung.step; };
  central_.add(rung.step, rung.central, noise(rung.central));
  left_.add(rung.step, rung.left, noise(rung.left));
  right_.add(rung.step, rung.right, noise(rung.right));
  rungs_.push_back(rung);
  step_ /= 2;
}

bool Ladder::sees_kink(double least) const {
  const Estimate &left = left_.best(), &right = right_.best();
  return std::abs(right.value - left.value) > trust * (left.error + right.error) + least;
}

Slopes Ladder::slopes() const {
  Slopes found{central_.best(), left_.best(), right_.best(), false, magnitude_ / epsilon};
  if (static_cast<int>(rungs_.size()) < all_rungs) return found;
  const bool left = jumps(&Rung::left), right = jumps(&Rung::right);
  found.jump = left || right;
  if (left) found.left = beside(&Rung::left);
  if (right) found.right = beside(&Rung::right);
  return found;
}

bool Ladder::jumps(double Rung::*slope) const {
  // The slope doubles with every rung and keeps its sign. That of a noisy function does not.
  const size_t last = rungs_.size() - 1;
  for (size_t i = last; i > last - jump_rungs; --i) {
    const double ratio = rungs_[i].*slope / (rungs_[i - 1].*slope);
    if (!(ratio > 1.8 && ratio < 2.2)) return false;
  }
  return std::abs(rungs_[last].*slope) * rungs_[last].step > 1e4 * magnitude_;
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
  return series.best();
}

Estimate ridders(const std::function<double(double)>& f, double x, double first_step) {
  const double here = f(x);
  const auto probe = [&](double h) {
    const double above = f(x + h), below = f(x - h);
    const double noise = epsilon * std::max({std::abs(above), std::abs(below), std::abs(here)});
    return Rung{h, (above - below) / (2 * h), (here - below) / h, (above - here) / h, noise};
  };
  Ladder ladder(probe, first_step * std::max(1.0, std::abs(x)));
  ladder.climb(Ladder::all_rungs, 0);
  return ladder.slopes().central;
}

}  // namespace gradus

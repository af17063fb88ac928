/// @file
/// Differences on a ladder of steps: a derivative together with an estimate of its own error.
///
/// A central difference (f(x+h) - f(x-h)) / 2h has the error c2 h^2 + c4 h^4 + ... from the curvature of f
/// and eps |f| / h from rounding. Halving h again and again and eliminating h^2, then h^4, ... by Neville's
/// scheme gives better values than any single step; how much neighbours in the scheme differ says how good
/// they are (Ridders 1982, "Accurate computation of F'(x) and F'(x) F''(x)"; Press et al. 1992, section 5.7).
/// The same is done for the slopes from the left and from the right, whose errors hold every power of h:
/// where the two disagree however small h gets, the function has a kink.
///
/// Of a hundred candidates some agree with a neighbour by chance. So the noise of f is measured as well: a
/// smooth f changes by c1 h + c3 h^3 + ..., and what is left of the changes when these powers (and a
/// constant, from a kink or jump nearby) are eliminated is scatter. No error is estimated below it, nor below
/// what narrower steps say against the value, on both sides or on one: a function that computes in f32 may
/// look straight, and then stands still; a steep one may look as if it had a kink.
#pragma once

#include <algorithm>
#include <functional>
#include <limits>
#include <vector>

namespace gradus {

/// A number, how far off it may be, and the smallest step that it was made from. `noise` is the part of the
/// error that rounding and scatter explain, which no other step would have without.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double error = std::numeric_limits<double>::infinity();
  double step = 0, noise = std::numeric_limits<double>::infinity();
};

/// Differences of a function at one step h, as slopes: (f(x+h) - f(x-h)) / 2h, (f(x) - f(x-h)) / h and
/// (f(x+h) - f(x)) / h. `noise` is eps times the sizes of what was subtracted, before the division by h, and
/// `shift` how far the x + h of the computer may be from the true one.
struct Rung {
  double step = 0, central = 0, left = 0, right = 0, noise = 0, shift = 0;
};

/// Neville's scheme for values at steps h, h/2, h/4, ... whose error is a series in h (ratio 2) or h^2
/// (ratio 4).
class Extrapolation {
 public:
  explicit Extrapolation(double ratio) : ratio_(ratio) {}
  /// `noise` is what rounding may have done to `value`. A value that is not finite begins a new series.
  void add(double step, double value, double noise);
  /// The candidate with the least error, where none has less than noise(candidate) / its step.
  template <class Noise>
  Estimate best(Noise noise) const {
    Estimate best;
    for (Estimate one : candidates_) {
      one.noise = std::max(one.noise, noise(one) / one.step);
      one.error = std::max(one.error, one.noise);
      if (one.error < best.error) best = one;
    }
    return best;
  }
  Estimate best() const {
    return best([](const Estimate&) { return 0.0; });
  }

 private:
  double ratio_;
  std::vector<double> row_;  // the last row: extrapolated 0, 1, 2, ... times
  std::vector<Estimate> candidates_;
};

/// What the ladder found at a point.
struct Slopes {
  Estimate central, left, right;
  /// The function itself jumps here: a slope grows like 1/h. The slope of that side is then taken beside x,
  /// between x + h and x + h/2.
  bool jump = false;
  double left_jump = 0, right_jump = 0;  ///< by how much, 0 on a side where it does not
  double magnitude = 0;  ///< the sizes of what was subtracted: differences cannot resolve eps times this / h
};

/// Climbs from wide steps to narrow ones, as far as it is asked to.
class Ladder {
 public:
  using Probe = std::function<Rung(double step)>;
  static constexpr int all_rungs = 20;  ///< the last step is the first one / 2^19

  /// The first step is rounded down to a power of two, so that x + h is exact for nearly every x. There are
  /// `most_rungs` at most.
  Ladder(Probe probe, double first_step, int most_rungs = all_rungs);

  /// Goes on to rung `last` at most, but stops where the central slope is known to `goal` (or as well as
  /// rounding allows) and the slopes from both sides agree.
  void climb(int last, double goal);
  /// Goes on to the last rung, whatever is known already.
  void climb_all();
  Slopes slopes() const;
  const std::vector<Rung>& rungs() const { return rungs_; }
  /// Rounding is at least eps times the sizes of what is subtracted, also where nothing seems to change.
  void assume_rounding(double noise) { magnitude_ = std::max(magnitude_, noise); }
  /// How much f(x+h) - f(x-h) varies beyond what any smooth function, kink or jump explains: three standard
  /// deviations, or 0 before there are enough rungs to tell.
  double scatter() const;
  /// Do the slopes from left and right differ by more than both errors and `least`?
  bool sees_kink(double least) const;

 private:
  void climb_one();
  double noise() const;  ///< of f(x+h) - f(x-h): scatter, and rounding at least
  /// How far narrower steps change f otherwise than `slope` says, on both sides or on one.
  double contradiction(const Estimate& slope) const;
  double contradiction(const Estimate& slope, double Rung::*side) const;
  /// By how much f jumps on this side, 0 if it does not.
  double jump(double Rung::*side) const;
  Estimate beside(double Rung::*side) const;

  Probe probe_;
  double step_;
  int most_rungs_;
  double magnitude_ = 0;
  std::vector<Rung> rungs_;
  Extrapolation central_{4}, left_{2}, right_{2};
};

/// df/dx at x with its error estimate, by a ladder that begins at `first_step`:
///
///     const Estimate d = ridders([](double x) { return std::exp(x); }, 1.0);   // 2.718..., error near 1e-12
Estimate ridders(const std::function<double(double)>& f, double x, double first_step = 2e-3);

}  // namespace gradus

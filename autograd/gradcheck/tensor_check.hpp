/// @file
/// The check by differences of one tensor: slopes of single elements and along directions, and what they say.
#pragma once

#include <limits>
#include <optional>
#include <vector>

#include "autograd/gradcheck/ladder.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {

constexpr double epsilon = std::numeric_limits<double>::epsilon();
constexpr double trust = 10;                 // agreement is to this many times the estimated error
constexpr double inconclusive_above = 1e-4;  // an estimate larger than this times the scale proves nothing

/// Some elements of a tensor, each to be moved by +1 or -1 times the step.
struct Direction {
  std::vector<int64_t> elements;
  std::vector<double> signs;
};

/// What backward claims and what differences give, for an element or along a direction.
struct Measurement {
  int64_t element = -1, direction = -1;
  Direction along;
  double analytic = 0;
  Slopes slopes;
  /// The slopes of both sides differ, or the function jumps, at ever smaller steps: this is no steep bend.
  bool corner = false;
  /// At a jump: a slope as large as this, or larger, could look like it.
  double hidden_slope = std::numeric_limits<double>::infinity();
  bool noisy = false;         ///< the function scatters by more than rounding
  bool stands_still = false;  ///< there were steps that changed nothing at all
  bool moves = false;         ///< ... and steps that did
  bool is_constant = false;   ///< no step that was tried changes anything, however wide
  bool in_doubt = false;      ///< at steps of another size the slope is another, or cannot be known
};

/// Which steps a ladder takes.
struct Scale {
  double first_step = 0;
  int most_rungs = Ladder::all_rungs;
  double shift = 0;     ///< how far x + h may be from where it should be
  double rounding = 0;  ///< of the function at other steps, for one that stands still at these
};

/// Everything about one tensor while it is checked. Its values are put back when this goes away.
class TensorCheck {
 public:
  /// `base` are the claim's outputs at x, and `at` is the place of x and its gradient in the claim.
  TensorCheck(const Claim& claim, const Numbers& base, Tensor x, size_t at, const GradcheckOptions& options);
  ~TensorCheck();
  TensorCheck(const TensorCheck&) = delete;
  TensorCheck& operator=(const TensorCheck&) = delete;

  int64_t total() const { return static_cast<int64_t>(kept_.size()); }

  /// The element at `at` in row-major order.
  Measurement element(int64_t at);
  /// Direction `number`: every element moves, by signs drawn from `rng`. If it does not pass, the result is
  /// the element to blame; or, where each is right alone, inconclusive.
  Measurement along(int64_t number, Rng& rng);

  Verdict verdict(const Measurement& m) const;
  /// How many times the allowed difference is used up: the worst measurement has the most.
  double excess(const Measurement& m) const;
  /// What a difference is small or large against: the tensor's largest |gradient|, along a direction its
  /// length.
  double scale(const Measurement& m) const;
  /// The largest difference that passes.
  double allowed(const Measurement& m) const;
  /// Differences see no slope, and backward gives no more than what rounding leaves of terms that cancel.
  bool is_zero(const Measurement& m) const;
  /// The function has a value there that is no number, or too large for one, so the gradient may be none too.
  bool has_no_value() const { return has_no_value_; }

 private:
  /// On the usual ladder, and where that does not settle the matter on one of another scale.
  Measurement measure(const Direction& direction);
  Measurement settle(const Direction& direction);
  Scale narrow_scale(const Measurement& usual, double first_step, double size) const;
  Measurement on_ladder(const Direction& direction, const Scale& scale, double size);
  Measurement in_the_light_of_waves(Measurement usual, double usual_step, double size);
  /// `usual`, or what the other ladder knows better.
  Measurement better(Measurement usual, const Measurement& other) const;
  /// Looks at steps down to the smallest that change x: is the kink or jump there, too?
  void look_closer(const Direction& direction, double size, const Ladder& ladder, Measurement& m);
  /// `m`, a failure or a slope of 0: may the function, or backward, have rounded away what it is about?
  Measurement in_the_light_of_rounding(Measurement m);
  double swallowed_by_outputs(Measurement& m);
  Rung rung(const Direction& direction, double shift, double h, double& moved);
  void move(const Direction& direction, double h);

  double typical(const Measurement& m) const;
  double size_of(const Direction& direction) const;  ///< the largest |x| of its elements
  /// How far the gradient changes where values and cotangents are off by rounding.
  double backward_rounding(const Measurement& m) const;
  /// The same for whatever of this tensor's elements changes most: where a tie breaks in few of the trials,
  /// any element may have been next.
  double largest_rounding(const Direction& direction) const;
  /// The largest |gradient| of all tensors that is more than rounding; 1 if there is none.
  double largest_beyond_rounding() const;
  /// Is a slope known well enough to judge by?
  bool settles(const Estimate& slope, double size) const;
  /// Is it no more than its error, and that small beside other gradients?
  bool is_nothing(const Estimate& slope) const;
  bool agrees(const Measurement& m) const;
  /// Slopes of both sides that differ by less than this are one slope.
  double kink_floor(double size) const;
  /// Do the slopes of both sides differ by more than their errors? (Not yet: is that a kink?)
  bool sides_differ(const Measurement& m) const;
  double disagreement(const Measurement& m) const;

  Measurement blame(const Direction& all, const Measurement& whole);
  std::optional<Measurement> find_wrong(const Direction& part, std::vector<Measurement>& kinks);

  const Claim& claim_;
  const size_t at_;
  const Numbers& base_;
  Tensor x_;
  const Numbers kept_;
  const Numbers& gradient_;
  const GradcheckOptions& options_;
  double largest_gradient_, gradient_length_, largest_of_all_ = 0;
  double largest_output_ = 0;  ///< times its weight
  bool has_no_value_ = false;
  mutable std::optional<double> largest_beyond_rounding_;
  int halvings_left_ = 0;
};

}  // namespace gradus::gradchecking

/// @file
/// The check by differences of one tensor: slopes of single elements and along directions, and what they say.
#pragma once

#include <optional>
#include <vector>

#include "autograd/gradcheck/ladder.hpp"
#include "autograd/gradcheck/problem.hpp"

namespace gradus::gradchecking {

/// Some elements of a tensor, each to be moved by +1 or -1 times the step.
struct Direction {
  std::vector<int64_t> elements;
  std::vector<double> signs;
};

/// What backward claims and what differences give, for an element or along a direction.
struct Measurement {
  int64_t element = -1, direction = -1;
  double analytic = 0;
  double moved = 0;  ///< the largest sum |output * weight| over the outputs that changed
  Slopes slopes;
};

/// Everything about one tensor while it is checked. Its values are put back when this goes away.
class TensorCheck {
 public:
  /// `base` are the subject's outputs at x, and `at` is the place of x and its gradient in the subject.
  TensorCheck(const Subject& subject, const Numbers& base, Tensor x, size_t at,
              const GradcheckOptions& options);
  ~TensorCheck();
  TensorCheck(const TensorCheck&) = delete;
  TensorCheck& operator=(const TensorCheck&) = delete;

  int64_t total() const { return static_cast<int64_t>(kept_.size()); }

  /// The element at `at` in row-major order.
  Measurement element(int64_t at);
  /// Direction `number`: every element moves, by signs drawn from `rng`. If it does not pass, the result is
  /// the element to blame.
  Measurement along(int64_t number, Rng& rng);

  Verdict verdict(const Measurement& m) const;
  /// How many times the allowed difference is used up: the worst measurement has the most.
  double excess(const Measurement& m) const;
  /// What a difference is small or large against: the tensor's largest |gradient|, along a direction its
  /// length.
  double scale(const Measurement& m) const;
  /// Both values are no more than what rounding leaves of terms that cancel, beside other gradients.
  bool is_zero(const Measurement& m) const;

 private:
  Measurement measure(const Direction& direction);
  Rung rung(const Direction& direction, double size, double h, double& moved);
  void move(const Direction& direction, double h);

  double typical(const Measurement& m) const;
  /// What a gradient of 0 may come out as in backward.
  double left_over(const Measurement& m) const;
  /// Is a slope known well enough to judge by?
  bool settles(const Estimate& slope, double size) const;
  /// Is it no more than rounding, and that small beside other gradients?
  bool is_nothing(const Estimate& slope, const Measurement& m) const;
  double allowed(const Measurement& m) const;
  bool agrees(const Measurement& m) const;
  double disagreement(const Measurement& m) const;

  Measurement blame(const Direction& all, const Measurement& whole);
  std::optional<Measurement> find_wrong(const Direction& part, std::vector<Measurement>& kinks);

  const Subject& subject_;
  const Numbers& base_;
  Tensor x_;
  const Numbers kept_;
  const Numbers& gradient_;
  const GradcheckOptions& options_;
  double largest_gradient_, gradient_length_, largest_of_all_ = 0;
  int halvings_left_ = 0;
};

}  // namespace gradus::gradchecking

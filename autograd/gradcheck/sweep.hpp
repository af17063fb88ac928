/// @file
/// Error of a central difference against its step: the V-curve.
///
/// A wide step errs by the curvature of the function, like h^2; a narrow one by rounding, like eps / h. On
/// doubly logarithmic axes that is a V with the slopes 2 and -1. Its bottom says which single step is best,
/// and how little even that one resolves.
#pragma once

#include <vector>

#include "autograd/gradcheck.hpp"

namespace gradus {

struct SweepPoint {
  double step = 0;
  double error = 0;  ///< root mean square over the elements, relative to the largest |gradient|
};

struct SweepCurve {
  DType dtype = DType::f64;
  std::vector<SweepPoint> points;  ///< from wide steps to narrow ones: 1/2, 1/4, 1/8, ...
  double best_step = 0;            ///< where the error is least
  double best_error = 0;
  /// The slope of log(error) over log(h) right of the bottom, 2 in theory, and left of it, -1. NaN where
  /// fewer than four points show it: a function without third derivatives has no truncation error.
  double truncation_slope = 0, roundoff_slope = 0;
};

struct Sweep {
  SweepCurve f64, f32;
};

/// Differences of sum(fn(inputs) * v) at every step, in f64 and in f32 arithmetic, beside the gradient that
/// backward gives in f64, over `sample` elements of each input (32 if options.sample is 0).
/// @throws as gradcheck.
Sweep gradcheck_sweep(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                      const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});
/// The same for a function that reads the named f64 leaves by itself.
Sweep gradcheck_sweep(const std::function<Tensor()>& fn,
                      const std::vector<std::pair<std::string, Tensor>>& tensors,
                      const GradcheckOptions& options = {});

/// JSON: {"schema": 1, "f64": {"points": [[h, error], ...], "best_step": ..., ...}, "f32": {...}}.
std::string to_json(const Sweep& sweep);

}  // namespace gradus

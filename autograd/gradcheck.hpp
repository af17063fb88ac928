/// @file
/// Gradient checking: is the gradient that backward gives the one that the function has?
///
/// An output y of any shape is made one number L = sum(y * v) with a random cotangent v whose entries have
/// both signs and 0.5 <= |v| <= 2. (Ones would not do: the elements of a softmax sum to 1, so their gradient
/// would be 0 whatever the backward says.) Each dL/dx from backward is then compared with differences of L.
///
///     const GradcheckReport report = gradcheck([](const auto& x) { return tanh(x[0]) * x[1]; }, {a, b});
///     if (!report.passed) fmt::print("{}", to_string(report));
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus {

struct GradcheckOptions {
  /// h for x is step * max(1, |x|). Central differences at h and h/2 are extrapolated to h = 0 (Richardson):
  /// error O(h^4).
  double step = 1e-3;
  /// Passed when |analytic - numeric| <= tolerance * (the tensor's largest |gradient|) + rounding, where
  /// rounding = 1e-11 * max(1, sum |y v|) is what differences in f64 cannot resolve.
  double tolerance = 1e-7;
  /// 0: every element of every tensor. K: K random directions of +1 and -1 for each tensor.
  int64_t directions = 0;
  /// Checks the gradient's own gradient: that of sum of dL/dx * u over all inputs, u as random as v.
  bool second_order = false;
  uint64_t seed = 1;
};

/// What the check found for one tensor.
struct GradcheckResult {
  std::string name;
  Shape shape;
  int64_t checked = 0;  ///< elements, or directions
  double error = 0;     ///< the worst |analytic - numeric| / (the tensor's largest |gradient|)
  Shape index;          ///< where it is worst; in directional mode [the direction's number]
  double analytic = 0;  ///< what backward gives there
  double numeric = 0;   ///< what differences give there
  bool passed = true;
};

struct GradcheckReport {
  bool passed = true;
  std::vector<GradcheckResult> inputs;
};

/// A table: one line a tensor, with the worst element.
std::string to_string(const GradcheckReport& report);

/// Checks `fn` at `inputs`. Float inputs are copied to f64 and checked under the names "input 0", "input 1",
/// ...; inputs of other dtypes are passed through. A wrong gradient is reported, not thrown. The state of
/// default_rng() is replayed for every evaluation, so dropout can be checked, and is left as it was.
/// @throws GraphError if the output depends on no input, or if `fn` gives two results for the same input.
GradcheckReport gradcheck(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// The same for a function that reads the named tensors by itself, such as a model's parameters. They must be
/// f64 leaves that require a gradient (DTypeError, GraphError); they are changed on the way and put back.
GradcheckReport gradcheck(const std::function<Tensor()>& fn,
                          const std::vector<std::pair<std::string, Tensor>>& tensors,
                          const GradcheckOptions& options = {});

}  // namespace gradus

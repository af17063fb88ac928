/// @file
/// Gradient checking: is the gradient that backward gives the one that the function has?
///
///     const GradcheckReport report = gradcheck([](const auto& x) { return tanh(x[0]) * x[1]; }, {a, b});
///     if (!report.passed) fmt::print("{}", to_string(report));
///
/// An output y of any shape is made one number L = sum(y * v) with a random cotangent v whose entries have
/// both signs and 0.5 <= |v| <= 2. (Ones would not do: the elements of a softmax sum to 1, so their gradient
/// would be 0 whatever the backward says.) Each dL/dx from backward is then compared with differences of L at
/// a ladder of steps, which gives a derivative and an estimate of its error (autograd/gradcheck/ladder.hpp).
/// So the tolerance is not guessed: what differences cannot resolve is called inconclusive, and a corner of
/// the function is called a kink. Whether all this sees bugs is tried in docs/planted_bugs.md.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/gradcheck/report.hpp"
#include "autograd/tensor.hpp"

namespace gradus {

/// By whose rules is a gradient judged? The others are here to be compared with: what would they catch?
enum class GradcheckRules : uint8_t {
  gradus,
  /// torch.autograd.gradcheck by default: every element of the Jacobian by one central difference with
  /// h = 1e-6, |a - n| <= 1e-5 + 1e-3 |n|; and a zero cotangent gives zero.
  torch,
  /// Its fast_mode: v^T J u for one non-negative u of length 1 for each input and one such v, h = 1e-6,
  /// |a - n| <= 1e-5 sum(u) sum(v) + 1e-3 |n|.
  torch_fast,
  /// jax.test_util.check_grads in reverse mode: one normal direction over all inputs together, a normal
  /// cotangent, h = 1e-4, |a - n| <= t + t |n| with t = 1e-5 in f64 and 2e-3 in f32.
  jax
};

struct GradcheckOptions {
  /// The first step of the ladder is step * max(1, |x|), rounded down to a power of two.
  double step = 2e-3;
  /// Passed when |analytic - numeric| <= 10 * (the estimated error of numeric) + tolerance * (the tensor's
  /// largest |gradient|). Along a direction of n elements the gradient's length takes the largest one's
  /// place. Inconclusive if the estimate is above 1e-4 of that, or the noise in it above 1e-5, unless both
  /// are below tolerance * (the largest |gradient| of all tensors). A slope that differences cannot tell from
  /// 0 agrees with a gradient of no more than 10 times the change that rounding of the values makes in it.
  double tolerance = 1e-9;
  /// K: K random directions of +1 and -1 for each tensor. If one fails, the element to blame is looked for.
  int64_t directions = 0;
  /// K: K random elements of each tensor (all if it has no more). Every element of every tensor is checked if
  /// neither this nor `directions` is given; both may be.
  int64_t sample = 0;
  /// Checks the gradient's own gradient: that of sum of dL/dx * u over all inputs, u as random as v; and that
  /// u^T H w = w^T H u up to 1e-9. By differences in f64 only. This takes the gradient for granted: twice the
  /// right one has twice the right gradient. Check it first, without this.
  bool second_order = false;
  /// f32: compares the gradient in f32 with that in f64 at the same values, instead of differences. An error
  /// counts in units of eps32 sqrt(K) times the tensor's largest |gradient|, or a tenth of the largest of all
  /// tensors if that is more; eps32 is 2^-23 and K the most elements that any tensor has, as the error of
  /// sums of K terms grows with sqrt(K). Where the function is so sensitive that values off by 2 eps32 change
  /// the f64 gradient by more than such a unit, that change is the unit.
  DType dtype = DType::f64;
  double f32_units = 8;  ///< how many such units are allowed
  GradcheckRules rules = GradcheckRules::gradus;
  uint64_t seed = 1;  ///< of cotangents, directions and samples
  /// Called now and then: which tensor, and how much of the whole check is done, in [0, 1].
  std::function<void(const std::string& tensor, double fraction)> progress = {};
};

/// Checks `fn` at `inputs`. Float inputs are copied to f64 and checked under the names "input 0", "input 1",
/// ...; inputs of other dtypes are passed through. A wrong gradient is reported, not thrown. The state of
/// default_rng() is replayed for every evaluation, so dropout can be checked, and is left as it was. Between
/// its forward and its backward `fn` runs once at 0.9 times the values: a backward that reads memory which
/// another call has overwritten shows.
/// @throws GraphError if inputs overlap in memory or none is float, if the output depends on no input, or
/// if `fn` gives two results for the same input; Error for options out of range or that do not go together.
GradcheckReport gradcheck(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

/// The same for a function that reads the named tensors by itself, such as a model's parameters. They must be
/// f64 leaves that require a gradient (DTypeError, GraphError); they are changed on the way and put back.
GradcheckReport gradcheck(const std::function<Tensor()>& fn,
                          const std::vector<std::pair<std::string, Tensor>>& tensors,
                          const GradcheckOptions& options = {});

}  // namespace gradus

/// @file
/// Dropout: in training, zeroes each element with probability p and scales the others by 1 / (1 - p).
#pragma once

#include "nn/module.hpp"

namespace gradus::nn {

/// Inverted dropout (Srivastava et al. 2014). In eval mode it returns its input.
///
/// Each call in training mode with p > 0 draws one seed from default_rng(), so that a run that restores the
/// generator's state drops the same elements again.
class Dropout : public Module {
 public:
  /// @throws ValueError if p is not in [0, 1).
  explicit Dropout(double p);

  Tensor operator()(const Tensor& x) const;

  /// Which elements are dropped: each with probability p, and which ones is a function of the seed.
  struct Mask {
    double p;
    uint64_t seed;
  };
  /// The mask that the next call would use, drawn in its place: for fused ops that drop by themselves. p is 0
  /// in eval mode.
  Mask next_mask() const;

  const double p;
};

}  // namespace gradus::nn

/// @file
/// How parameters begin: functions that make a tensor of a given shape from a generator.
#pragma once

#include <functional>
#include <string_view>

#include "autograd/grad_mode.hpp"
#include "autograd/random.hpp"
#include "autograd/tensor.hpp"

namespace gradus::nn {

/// A way to begin a parameter: a tensor (f32) of the given shape.
using Init = std::function<Tensor(const Shape& shape, Rng& rng)>;

/// `size` itself. @throws ShapeError that names the layer, and what the size is of, if it is negative.
int64_t checked_size(std::string_view layer, std::string_view what, int64_t size);

namespace init {

/// Normal with mean 0. BERT begins with std 0.02 (Devlin et al. 2018); 1/sqrt(H) suits small hidden sizes H.
Init normal(double std);

/// Normal with mean 0, where values beyond two `std` are drawn again: as google-research/bert begins.
Init truncated_normal(double std);

/// Uniform in [-bound, bound).
Init uniform(double bound);

/// Uniform with bound sqrt(6 / (in + out)) for a weight [out, in] (Glorot and Bengio 2010, eq. 16): keeps the
/// variance of values and of gradients the same from layer to layer. @throws ShapeError if the rank is not 2.
Init xavier_uniform();

/// Uniform with bound sqrt(6 / in) for a weight [out, in] (He et al. 2015, eq. 10): the same for ReLU.
/// @throws ShapeError if the rank is not 2.
Init he_uniform();

Init zeros();
Init ones();

}  // namespace init

/// While it lives, what this thread would draw begins as zeros instead, and no generator is asked: for a
/// model whose weights are about to be replaced. Drawing them takes most of the time in which a model is
/// opened.
class WithoutDraws : SwitchGuard {
 public:
  WithoutDraws();
};

}  // namespace gradus::nn

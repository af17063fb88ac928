/// @file
/// Memory for time: a part of a model that is computed again in backward, in place of keeping what it
/// computed (Chen, Xu, Zhang and Guestrin 2016, "Training deep nets with sublinear memory cost", section 3).
#pragma once

#include <functional>

#include "autograd/grad_mode.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// f(x), of which only x is kept. Backward runs f again, and takes its gradients: the same bits as without,
/// for one more forward. f is a function of x and of the parameters of `module`; it may draw from
/// default_rng(), which it finds as it was. Its gradients cannot be differentiated again. @throws GraphError
/// where that is tried.
///
///     Tensor y = recomputed(layer, [&](const Tensor& in) { return layer(in, mask); }, x);
///
/// f is kept until backward, so it must own what it captures.
Tensor recomputed(const Module& module, const std::function<Tensor(const Tensor&)>& f, const Tensor& x);

/// While it lives, the encoders of this thread keep the input of each layer and compute the rest again in
/// backward. A BERT of L layers then holds L inputs and the inside of one layer, not of all; a step takes
/// about a third longer, since forward is a third of it.
class RecomputeLayers : SwitchGuard {
 public:
  explicit RecomputeLayers(bool enabled = true);
};

bool recomputes_layers();

}  // namespace gradus::nn

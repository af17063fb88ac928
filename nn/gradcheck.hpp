/// @file
/// Gradient checking of a whole module: every input and every named parameter.
#pragma once

#include "autograd/gradcheck.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// Checks `fn`, which runs `module` on `inputs`, with respect to every float input and every parameter. The
/// module must be in f64: call `module.to(DType::f64)` first (DTypeError otherwise). Its values are changed
/// on the way and put back. See gradus::gradcheck.
GradcheckReport gradcheck(const Module& module, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                          const std::vector<Tensor>& inputs, const GradcheckOptions& options = {});

}  // namespace gradus::nn

/// @file
/// Linear: y = x W^T + b.
#pragma once

#include "nn/init.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

struct LinearOptions {
  Init init = init::xavier_uniform();  ///< of the weight; the bias begins at 0
  bool bias = true;
};

/// y = x W^T + b: x [..., in] -> [..., out].
class Linear : public Module {
 public:
  Linear(int64_t in, int64_t out, Rng& rng, const LinearOptions& options = {});

  Tensor operator()(const Tensor& x) const;

  /// x W^T alone: for a fused op that adds the bias itself in the same pass over memory.
  Tensor without_bias(const Tensor& x) const;

  const Tensor weight;  ///< [out, in]
  const Tensor bias;    ///< [out]; not defined without a bias
};

}  // namespace gradus::nn

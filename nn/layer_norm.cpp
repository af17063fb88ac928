#include "nn/layer_norm.hpp"

namespace gradus::nn {

LayerNorm::LayerNorm(int64_t hidden, double epsilon)
    : weight(parameter("weight", ones({checked_size("layer norm", "hidden", hidden)}))),
      bias(parameter("bias", zeros({hidden}))),
      eps(epsilon) {}

Tensor LayerNorm::operator()(const Tensor& x) const {
  const ModuleScope scope = enter();
  return layer_norm(x, weight, bias, eps);
}

}  // namespace gradus::nn

#include "nn/linear.hpp"

namespace gradus::nn {

Linear::Linear(int64_t in, int64_t out, Rng& rng, const LinearOptions& options)
    : weight(parameter(
          "weight",
          options.init({checked_size("linear", "out", out), checked_size("linear", "in", in)}, rng))),
      bias(options.bias ? parameter("bias", zeros({out})) : Tensor()) {}

Tensor Linear::operator()(const Tensor& x) const {
  const ModuleScope scope = enter();
  return linear(x, weight, bias);
}

Tensor Linear::without_bias(const Tensor& x) const {
  const ModuleScope scope = enter();
  return linear(x, weight);
}

}  // namespace gradus::nn

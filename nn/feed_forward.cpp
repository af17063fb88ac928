#include "nn/feed_forward.hpp"

namespace gradus::nn {

Activation activation_by_name(std::string_view name) {
  if (name == "gelu") return Activation::gelu;
  if (name == "gelu_new" || name == "gelu_pytorch_tanh") return Activation::gelu_tanh;
  if (name == "relu") return Activation::relu;
  if (name == "silu" || name == "swish") return Activation::silu;
  fail<FormatError>(
      "unknown activation \"{}\": gelu, gelu_new, gelu_pytorch_tanh, relu, silu and swish exist", name);
}

FeedForward::FeedForward(int64_t hidden, int64_t intermediate, Rng& rng, const FeedForwardOptions& options)
    : activation(options.activation),
      first(child("intermediate.dense", Linear(hidden, intermediate, rng, {.init = options.init}))),
      second(child("output.dense", Linear(intermediate, hidden, rng, {.init = options.init}))) {}

Tensor FeedForward::expanded(const Tensor& x) const {
  const ModuleScope scope = enter();
  return bias_activation(first.without_bias(x), first.bias, activation);
}

Tensor FeedForward::operator()(const Tensor& x) const { return second(expanded(x)); }

}  // namespace gradus::nn

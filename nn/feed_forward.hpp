/// @file
/// The position-wise feed-forward network (Vaswani et al. 2017, section 3.3).
#pragma once

#include <string_view>

#include "nn/linear.hpp"

namespace gradus::nn {

/// The activation that a config.json calls "gelu" (erf form), "gelu_new" or "gelu_pytorch_tanh" (tanh form),
/// "relu", "silu" or "swish". Throws FormatError for any other name.
Activation activation_by_name(std::string_view name);

struct FeedForwardOptions {
  Activation activation = Activation::gelu;
  Init init = init::xavier_uniform();
};

/// act(x W_1^T + b_1) W_2^T + b_2: [..., H] -> [..., H], with I numbers in between. The parameters are named
/// as in Hugging Face's BERT: intermediate.dense and output.dense.
class FeedForward : public Module {
 public:
  FeedForward(int64_t hidden, int64_t intermediate, Rng& rng, const FeedForwardOptions& options = {});

  Tensor operator()(const Tensor& x) const;

  /// act(x W_1^T + b_1) [..., I], before `second`. For a fused op that follows.
  Tensor expanded(const Tensor& x) const;

  const Activation activation;
  const Linear first, second;
};

}  // namespace gradus::nn

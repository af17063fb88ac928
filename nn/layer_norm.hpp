/// @file
/// LayerNorm: each row to mean 0 and variance 1, then a learned scale and offset.
#pragma once

#include "nn/init.hpp"
#include "nn/module.hpp"

namespace gradus::nn {

/// (x - mean) / sqrt(var + eps) * weight + bias over the last axis, with the biased variance (Ba et al. 2016,
/// eq. 4): [..., H] -> [..., H]. BERT's eps is 1e-12.
class LayerNorm : public Module {
 public:
  explicit LayerNorm(int64_t hidden, double eps = 1e-12);

  Tensor operator()(const Tensor& x) const;

  const Tensor weight;  ///< [H], begins at 1
  const Tensor bias;    ///< [H], begins at 0
  const double eps;
};

}  // namespace gradus::nn

/// @file
/// The residual sub-layer: a function f, and a way straight past it.
#pragma once

#include <functional>

#include "nn/dropout.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"

namespace gradus::nn {

struct ResidualOptions {
  double dropout = 0.1;  ///< on f's result
  double layer_norm_eps = 1e-12;
  bool pre_norm = false;
};

/// Adds f's result to its input, with dropout and a LayerNorm, for any f that keeps the shape:
///
///     post-norm    LN(x + drop(f(x)))      Vaswani et al. 2017, section 3.1, and BERT
///     pre-norm     x + drop(f(LN(x)))      Xiong et al. 2020, section 3: the straight way stays untouched
///
///     const Residual residual(H);
///     y = residual(x, [&](const Tensor& in) { return feed_forward(in); });
///
/// The LayerNorm is the part "LayerNorm".
class Residual : public Module {
 public:
  using Sublayer = std::function<Tensor(const Tensor&)>;

  explicit Residual(int64_t hidden, const ResidualOptions& options = {});

  /// x [..., H] -> [..., H]. @throws ShapeError if f changes the shape.
  Tensor operator()(const Tensor& x, const Sublayer& f) const;

  /// The same for an f that ends in a linear map, f(x) = last(before(x)): with post-norm its bias, dropout,
  /// sum and LayerNorm are one pass over memory.
  Tensor operator()(const Tensor& x, const Sublayer& before, const Linear& last) const;

  /// What f is given: x itself, or LN(x) with pre-norm.
  Tensor input(const Tensor& x) const;

  const bool pre_norm;
  const LayerNorm norm;  ///< "LayerNorm"
  const Dropout dropout;
};

}  // namespace gradus::nn

/// @file
/// Ops with a bug planted in their backward: what a gradient check has to find. The forward is always right.
#pragma once

#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"

namespace gradus::tutorials {

enum class SoftmaxBug { none, sum_missing, factor_missing, sign };

/// softmax over the last axis. With p the result, backward is dx = p (dy - sum(p dy)); see
/// docs/derivations/softmax.md.
inline Tensor planted_softmax(const Tensor& x, SoftmaxBug bug) {
  Tensor y;
  {
    const NoGrad no_grad;
    y = softmax(x);
  }
  return record("planted_softmax", y, wrt(x, [bug](const Tensor& dy, const Tensor& p) {
                  const Tensor inner = sum(p * dy, Axes{-1}, true);
                  switch (bug) {
                    case SoftmaxBug::sum_missing:
                      return p * dy;
                    case SoftmaxBug::factor_missing:
                      return dy - inner;
                    case SoftmaxBug::sign:
                      return p * (inner - dy);
                    case SoftmaxBug::none:
                      break;
                  }
                  return p * (dy - inner);
                }));
}

/// x Phi(x), with Phi by erf as BERT has it; but the derivative is that of the tanh approximation.
inline Tensor gelu_with_mixed_forms(const Tensor& x) {
  Tensor y;
  {
    const NoGrad no_grad;
    y = gelu(x);
  }
  return record("gelu", y, wrt(x, [x = saved(x)](const Tensor& dy) {
                  const GradMode on(true);
                  Tensor leaf = x.get().detach().requires_grad();
                  return grad({gelu_tanh(leaf)}, {leaf}, {dy.detach()})[0];
                }));
}

}  // namespace gradus::tutorials

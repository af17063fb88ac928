// Functions with a backward of their own: right forwards with wrong gradients, for tests of the checker.
#pragma once

#include <functional>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/node.hpp"
#include "autograd/ops.hpp"

namespace gradus::test {

/// The values of `y`; its gradient with respect to x is `backward(dy)`.
template <class Backward>
Tensor with_backward(const Tensor& x, const Tensor& y, Backward backward) {
  return record("own", y.detach(), wrt(x, [backward](const Tensor& dy) { return backward(dy); }));
}

/// f(x), its gradient changed by `spoil(dx, dy)`, which may write to the dense copy dx.
inline Tensor with_spoilt_gradient(const std::function<Tensor(const Tensor&)>& f, const Tensor& x,
                                   const std::function<void(Tensor& dx, const Tensor& dy)>& spoil) {
  const GradMode mode(true);
  const Tensor leaf = x.detach().clone().requires_grad();
  const Tensor y = f(leaf);
  return with_backward(x, y, [=](const Tensor& dy) {
    Tensor dx = grad({y}, {leaf}, {dy}, {.retain_graph = true})[0].clone();
    spoil(dx, dy);
    return dx;
  });
}

}  // namespace gradus::test

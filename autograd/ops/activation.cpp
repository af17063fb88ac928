// Bias and activation in one pass.
#include "autograd/ops/op_support.hpp"

namespace gradus {

Tensor bias_activation(const Tensor& x, const Tensor& bias, Activation kind) {
  ops::check_float("bias_activation", x);
  if (x.rank() == 0) fail<ShapeError>("bias_activation: a scalar has no last axis");
  const int64_t cols = x.size(-1), rows = cols == 0 ? 0 : x.numel() / cols;
  if (bias.defined()) {
    ops::check_same_dtype("bias_activation", x, bias);
    if (bias.shape() != Shape{cols}) {
      fail<ShapeError>("bias_activation: bias {} for x {}: it must be [{}]", bias.shape(), x.shape(), cols);
    }
  }
  if (composed_ops()) return composed::bias_activation(x, bias, kind);
  const Tensor dense = x.detach().contiguous(),
               added = bias.defined() ? bias.detach().contiguous() : Tensor();
  const bool wants_slope = grad_enabled() && any_needs_grad({x, bias});
  Tensor y = empty(x.shape(), x.dtype());
  Tensor slope = wants_slope ? empty(x.shape(), x.dtype()) : Tensor();  // act'(x + bias), kept for backward
  dispatch_float(x.dtype(), "bias_activation", [&]<class T> {
    kernels::bias_act<T>(kind, dense.data<T>(), added.defined() ? added.data<T>() : nullptr,
                         y.mutable_data<T>(), wants_slope ? slope.mutable_data<T>() : nullptr, rows, cols);
  });
  const auto backward = [slope, has_bias = bias.defined(), rows, cols](const Tensor& dy, const Tensor&) {
    Tensor dx = ops::over(dy);
    const Tensor g = dy.contiguous();
    Tensor dbias = has_bias ? empty({cols}, dy.dtype()) : Tensor();
    dispatch_float(dy.dtype(), "bias_activation", [&]<class T> {
      kernels::bias_act_backward<T>(g.data<T>(), slope.data<T>(), dx.mutable_data<T>(),
                                    has_bias ? dbias.mutable_data<T>() : nullptr, rows, cols);
    });
    return std::vector<Tensor>{dx, dbias};
  };
  return record_fused("bias_activation", y, {x, bias}, backward, [kind](const std::vector<Tensor>& in) {
    return composed::bias_activation(in[0], in[1], kind);
  });
}

Tensor composed::bias_activation(const Tensor& x, const Tensor& bias, Activation kind) {
  Tensor z = bias.defined() ? x + bias : x;
  switch (kind) {
    case Activation::gelu:
      return gelu(z);
    case Activation::gelu_tanh:
      return gelu_tanh(z);
    case Activation::relu:
      return relu(z);
    case Activation::sigmoid:
      return sigmoid(z);
    case Activation::identity:
      return z;
    default:
      return silu(z);
  }
}

}  // namespace gradus

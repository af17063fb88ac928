// Layer normalisation, alone and at the end of a post-norm sub-layer.
#include "autograd/kernels/layers/layer_norm.hpp"

#include "autograd/kernels/layers/residual_layer_norm.hpp"
#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

void check_vector(std::string_view op, std::string_view what, const Tensor& x, const Tensor& vector) {
  ops::check_same_dtype(op, x, vector);
  if (vector.shape() != Shape{x.size(-1)}) {
    fail<ShapeError>("{}: {} {} for x {}: it must be [{}]", op, what, vector.shape(), x.shape(), x.size(-1));
  }
}

int64_t rows_of(const Tensor& x) { return x.size(-1) == 0 ? 0 : x.numel() / x.size(-1); }

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  ops::check_float("layer_norm", x);
  if (x.rank() == 0) fail<ShapeError>("layer_norm: a scalar has no last axis");
  if (!weight.defined()) return layer_norm(x, ones({x.size(-1)}, x.dtype()), bias, eps);
  if (!bias.defined()) return layer_norm(x, weight, zeros({x.size(-1)}, x.dtype()), eps);
  check_vector("layer_norm", "weight", x, weight);
  check_vector("layer_norm", "bias", x, bias);
  if (composed_ops()) return composed::layer_norm(x, weight, bias, eps);
  const Tensor dense = x.detach().contiguous(), gamma = weight.detach().contiguous(),
               beta = bias.detach().contiguous();
  const int64_t rows = rows_of(x), cols = x.size(-1);
  Tensor y = empty(x.shape(), x.dtype()), mean = empty({rows}, x.dtype()), rstd = empty({rows}, x.dtype());
  dispatch_float(x.dtype(), "layer_norm", [&]<class T> {
    kernels::layer_norm<T>(dense.data<T>(), gamma.data<T>(), beta.data<T>(), eps, y.mutable_data<T>(),
                           mean.mutable_data<T>(), rstd.mutable_data<T>(), rows, cols);
  });
  // docs/derivations/layer_norm.md
  const auto backward = [x = saved(dense), gamma = saved(gamma), mean, rstd, rows, cols](const Tensor& dy,
                                                                                         const Tensor&) {
    Tensor dx = ops::over(dy);
    const Tensor g = dy.contiguous();
    const Tensor& input = x;
    Tensor dgamma = empty({cols}, dy.dtype()), dbeta = empty({cols}, dy.dtype());
    dispatch_float(dy.dtype(), "layer_norm", [&]<class T> {
      kernels::layer_norm_backward<T>(g.data<T>(), input.data<T>(), mean.data<T>(), rstd.data<T>(),
                                      gamma.get().data<T>(), dx.mutable_data<T>(), dgamma.mutable_data<T>(),
                                      dbeta.mutable_data<T>(), rows, cols);
    });
    return std::vector<Tensor>{dx, dgamma, dbeta};
  };
  return record_fused("layer_norm", y, {x, weight, bias}, backward, [eps](const std::vector<Tensor>& in) {
    return composed::layer_norm(in[0], in[1], in[2], eps);
  });
}

Tensor residual_layer_norm(const Tensor& x, const Tensor& bias, const Tensor& residual, const Tensor& weight,
                           const Tensor& offset, double eps, double p, uint64_t seed) {
  constexpr std::string_view op = "residual_layer_norm";
  ops::check_float(op, x);
  ops::check_same_dtype(op, x, residual);
  if (x.rank() == 0) fail<ShapeError>("{}: a scalar has no last axis", op);
  if (x.shape() != residual.shape()) {
    fail<ShapeError>("{}: x {} and residual {} differ in shape", op, x.shape(), residual.shape());
  }
  if (bias.defined()) check_vector(op, "bias", x, bias);
  check_vector(op, "weight", x, weight);
  check_vector(op, "offset", x, offset);
  ops::check_probability(op, p);
  if (composed_ops()) return composed::residual_layer_norm(x, bias, residual, weight, offset, eps, p, seed);
  const Tensor dense = x.detach().contiguous(), shortcut = residual.detach().contiguous();
  const Tensor gamma = weight.detach().contiguous(), beta = offset.detach().contiguous();
  const Tensor added = bias.defined() ? bias.detach().contiguous() : Tensor();
  const int64_t rows = rows_of(x), cols = x.size(-1);
  Tensor y = empty(x.shape(), x.dtype()), xhat = empty(x.shape(), x.dtype()), rstd = empty({rows}, x.dtype());
  dispatch_float(x.dtype(), op, [&]<class T> {
    kernels::residual_layer_norm<T>(dense.data<T>(), added.defined() ? added.data<T>() : nullptr,
                                    shortcut.data<T>(), gamma.data<T>(), beta.data<T>(), eps, p, seed,
                                    xhat.mutable_data<T>(), y.mutable_data<T>(), rstd.mutable_data<T>(), rows,
                                    cols);
  });
  const auto backward = [xhat, rstd, gamma = saved(gamma), has_bias = bias.defined(), p, seed, rows, cols](
                            const Tensor& dy, const Tensor&) {
    Tensor dresidual = ops::over(dy);
    const Tensor g = dy.contiguous();
    const auto vector = [&] { return empty({cols}, dy.dtype()); };
    Tensor dgamma = vector(), dbeta = vector();
    Tensor dx = p > 0 ? ops::over_saved(xhat) : dresidual;
    Tensor dbias = has_bias ? vector() : Tensor();
    dispatch_float(dy.dtype(), "residual_layer_norm", [&]<class T> {
      kernels::residual_layer_norm_backward<T>(g.data<T>(), xhat.data<T>(), rstd.data<T>(),
                                               gamma.get().data<T>(), p, seed, dresidual.mutable_data<T>(),
                                               p > 0 ? dx.mutable_data<T>() : nullptr,
                                               has_bias ? dbias.mutable_data<T>() : nullptr,
                                               dgamma.mutable_data<T>(), dbeta.mutable_data<T>(), rows, cols);
    });
    return std::vector<Tensor>{dx, dbias, dresidual, dgamma, dbeta};
  };
  return record_fused(op, y, {x, bias, residual, weight, offset}, backward,
                      [eps, p, seed](const std::vector<Tensor>& in) {
                        return composed::residual_layer_norm(in[0], in[1], in[2], in[3], in[4], eps, p, seed);
                      });
}

namespace composed {

namespace {

/// What a row [..., H] can be divided by so that neither its squares nor what their gradients divide by leave
/// the range of f32: 1, or the largest difference in a row of large ones. [..., 1], a constant.
Tensor row_unit(const Tensor& differences) {
  if (differences.size(-1) == 0) return ones({}, differences.dtype());
  const Tensor largest = max(abs(differences.detach()), Axes{-1}, true);
  return masked_fill(largest, less(largest, full({}, 1e9, largest.dtype())), 1);
}

}  // namespace

Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  // The result stays the same when a number is taken off the whole row, or when the row and sqrt(eps) are
  // divided by one. So two constants may keep the numbers in range: the row's first element, without which a
  // row of equal numbers would not be exactly its mean, and a unit for large ones.
  const Tensor moved = x.size(-1) == 0 ? x : x - x.detach().slice(-1, 0, 1);
  const Tensor differences = moved - mean(moved, Axes{-1}, true), unit = row_unit(differences);
  const Tensor centred = differences / unit;
  const Tensor variance = mean(centred * centred, Axes{-1}, true);
  Tensor y = centred * rsqrt(variance + eps / unit / unit);
  if (weight.defined()) y = y * weight;
  return bias.defined() ? y + bias : y;
}

Tensor residual_layer_norm(const Tensor& x, const Tensor& bias, const Tensor& residual, const Tensor& weight,
                           const Tensor& offset, double eps, double p, uint64_t seed) {
  const Tensor shifted = bias.defined() ? x + bias : x;
  return composed::layer_norm(residual + dropout(shifted, p, seed), weight, offset, eps);
}

}  // namespace composed
}  // namespace gradus

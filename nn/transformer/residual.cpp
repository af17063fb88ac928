#include "nn/transformer/residual.hpp"

namespace gradus::nn {
namespace {

/// Broadcasting would hide an f that, say, gives one number a row.
void check_same_shape(const Tensor& x, const Tensor& y) {
  if (x.shape() != y.shape()) {
    fail<ShapeError>("residual: x {} and f(x) {} must have the same shape", x.shape(), y.shape());
  }
}

}  // namespace

Residual::Residual(int64_t hidden, const ResidualOptions& options)
    : pre_norm(options.pre_norm),
      norm(child("LayerNorm", LayerNorm(hidden, options.layer_norm_eps))),
      dropout(child("dropout", Dropout(options.dropout))) {}

// f runs outside this module's scope: it is not a part of it, and errors name the part that calls this one.

Tensor Residual::operator()(const Tensor& x, const Sublayer& f) const {
  const Tensor y = f(input(x));
  const ModuleScope scope = enter();
  check_same_shape(x, y);
  return pre_norm ? x + dropout(y) : norm(x + dropout(y));
}

Tensor Residual::operator()(const Tensor& x, const Sublayer& before, const Linear& last) const {
  if (pre_norm) {
    return (*this)(x, [&](const Tensor& in) { return last(before(in)); });
  }
  const Tensor y = last.without_bias(before(x));
  const ModuleScope scope = enter();
  check_same_shape(x, y);
  const Dropout::Mask drop = dropout.next_mask();
  return residual_layer_norm(y, last.bias, x, norm.weight, norm.bias, norm.eps, drop.p, drop.seed);
}

Tensor Residual::input(const Tensor& x) const {
  const ModuleScope scope = enter();
  return pre_norm ? norm(x) : x;
}

}  // namespace gradus::nn

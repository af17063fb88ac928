/// @file
/// Chapter 8, first half: LayerNorm with its backward by hand, and five ways to wire a layer.
#pragma once

#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"

namespace gradus::tutorials {

/// What LayerNorm makes on the way. For x [..., H]: mean and r are [..., 1], xhat and y [..., H].
struct Normed {
  Tensor mean, r, xhat, y;
};

/// y = weight xhat + bias with xhat = (x - mean) r and r = 1 / sqrt(var + eps) (Ba et al. 2016, eq. 4). The
/// mean and the variance are those of each row, the variance divided by H.
inline Normed layer_norm_by_hand(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  Normed n;
  n.mean = mean(x, Axes{-1}, true);
  const Tensor centred = x - n.mean;
  n.r = rsqrt(mean(centred * centred, Axes{-1}, true) + eps);
  n.xhat = centred * n.r;
  n.y = weight * n.xhat + bias;
  return n;
}

/// The gradients of LayerNorm for the cotangent dy [..., H]: dx [..., H], dweight and dbias [H].
struct NormGradients {
  Tensor dx, dweight, dbias;
};

/// dx = r (g - mean(g) - xhat mean(g xhat)) with g = dy weight; see docs/derivations/layer_norm.md.
inline NormGradients layer_norm_backward(const Tensor& dy, const Normed& n, const Tensor& weight) {
  const int64_t hidden = weight.size(0);
  const Tensor g = dy * weight;
  const Tensor along_ones = mean(g, Axes{-1}, true);
  const Tensor along_xhat = mean(g * n.xhat, Axes{-1}, true);
  const auto over_rows = [&](const Tensor& t) { return sum(t.reshape({-1, hidden}), Axes{0}); };
  return {n.r * (g - along_ones - n.xhat * along_xhat), over_rows(dy * n.xhat), over_rows(dy)};
}

/// The bug of the museum: eps added to the standard deviation, not to the variance.
inline Tensor layer_norm_std_plus_eps(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps) {
  const Tensor centred = x - mean(x, Axes{-1}, true);
  const Tensor deviation = sqrt(mean(centred * centred, Axes{-1}, true));
  return weight * (centred / (deviation + eps)) + bias;
}

/// How a layer's function f, its input and a LayerNorm are put together.
enum class Wiring { plain, residual, norm, post_norm, pre_norm };

inline const std::vector<std::pair<std::string, Wiring>> wirings = {{"plain", Wiring::plain},
                                                                    {"residual", Wiring::residual},
                                                                    {"norm", Wiring::norm},
                                                                    {"post-norm", Wiring::post_norm},
                                                                    {"pre-norm", Wiring::pre_norm}};

/// One layer: x [..., H] -> [..., H], for any f and norm that keep the shape.
template <class F, class Norm>
Tensor wire(Wiring wiring, const Tensor& x, const F& f, const Norm& norm) {
  switch (wiring) {
    case Wiring::plain:
      return f(x);
    case Wiring::residual:
      return x + f(x);
    case Wiring::norm:
      return norm(f(x));
    case Wiring::post_norm:
      return norm(x + f(x));
    case Wiring::pre_norm:
      return x + f(norm(x));
  }
  fail("wire: no such wiring");
}

}  // namespace gradus::tutorials

/// @file
/// Chapter 9, first half: the feed-forward network, plain and gated, and a whole encoder layer from
/// primitives.
#pragma once

#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "nn/transformer/encoder.hpp"

namespace gradus::tutorials {

/// x Phi(x), where Phi(x) is the chance that a standard normal number is below x (Hendrycks and Gimpel 2016).
inline Tensor gelu_by_hand(const Tensor& x) { return 0.5 * x * (1.0 + erf(x / std::sqrt(2.0))); }

/// Its approximation by tanh, from the same paper: GPT-2's, and that of Google's later BERT code.
inline Tensor gelu_tanh_by_hand(const Tensor& x) {
  const double c = std::sqrt(2 / 3.141592653589793);
  return 0.5 * x * (1.0 + tanh(c * (x + 0.044715 * x * x * x)));
}

/// The function in the middle of a feed-forward network.
using Bend = std::function<Tensor(const Tensor&)>;

/// The weights of a feed-forward network: w1 [I, H], b1 [I], w2 [H, I], b2 [H]; wg [I, H] and bg [I] if
/// gated.
struct FeedForwardWeights {
  Tensor w1, b1, w2, b2, wg, bg;
  bool forget_bend = false;  ///< a bug of the museum: nothing bends between the two products
  bool swap_gate = false;    ///< another: the gate's matrix and W_1 are swapped
};

/// bend(x W_1^T + b_1) W_2^T + b_2 (Vaswani et al. 2017, eq. 2): x [..., H] -> [..., I] -> [..., H].
inline Tensor feed_forward(const Tensor& x, const FeedForwardWeights& w, const Bend& bend) {
  const Tensor wide = linear(x, w.w1, w.b1);                     // [..., I]
  return linear(w.forget_bend ? wide : bend(wide), w.w2, w.b2);  // [..., H]
}

/// (bend(x W_g^T + b_g) * (x W_1^T + b_1)) W_2^T + b_2 (Shazeer 2020, eq. 6): the first factor is the gate.
inline Tensor gated_feed_forward(const Tensor& x, const FeedForwardWeights& w, const Bend& bend) {
  Tensor gate = linear(x, w.wg, w.bg), wide = linear(x, w.w1, w.b1);  // [..., I] each
  if (w.swap_gate) std::swap(gate, wide);
  return linear(bend(gate) * wide, w.w2, w.b2);  // [..., H]
}

/// The weights of one encoder layer, by the names of the formulas.
struct EncoderWeights {
  int64_t heads = 1;
  Tensor wq, bq, wk, bk, wv, bv, wo, bo;  ///< [H, H] and [H]
  Tensor scale1, offset1;                 ///< of the first LayerNorm, [H]
  FeedForwardWeights feed_forward;
  Tensor scale2, offset2;  ///< of the second
  double eps = 1e-12;
};

/// Many heads (chapter 6): x [B, S, H] -> [B, S, H].
inline Tensor attention(const Tensor& x, const EncoderWeights& w) {
  const int64_t b = x.size(0), s = x.size(1), h = x.size(2), d = h / w.heads;
  const auto heads = [&](const Tensor& t) { return t.reshape({b, s, w.heads, d}).transpose(1, 2); };
  const Tensor q = heads(linear(x, w.wq, w.bq));  // [B, A, S, D]
  const Tensor k = heads(linear(x, w.wk, w.bk)), v = heads(linear(x, w.wv, w.bv));
  const Tensor weights = softmax(matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(d)));
  const Tensor mixed = matmul(weights, v).transpose(1, 2).reshape({b, s, h});  // [B, S, H]
  return linear(mixed, w.wo, w.bo);
}

/// One layer of BERT, post-norm (chapter 8): x [B, S, H] -> [B, S, H].
inline Tensor encoder_layer(const Tensor& x, const EncoderWeights& w) {
  const Tensor y = layer_norm(x + attention(x, w), w.scale1, w.offset1, w.eps);
  return layer_norm(y + feed_forward(y, w.feed_forward, gelu_by_hand), w.scale2, w.offset2, w.eps);
}

/// The weights of a feed-forward network of the library.
inline FeedForwardWeights weights_of(const nn::FeedForward& f) {
  FeedForwardWeights w{.w1 = f.first.weight,
                       .b1 = f.first.bias,
                       .w2 = f.second.weight,
                       .b2 = f.second.bias,
                       .wg = {},
                       .bg = {}};
  if (f.gate) {
    w.wg = f.gate->weight;
    w.bg = f.gate->bias;
  }
  return w;
}

/// The weights of an encoder layer of the library.
inline EncoderWeights weights_of(const nn::EncoderLayer& layer) {
  const nn::MultiHeadAttention& a = layer.attention;
  return {.heads = a.heads,
          .wq = a.query.weight,
          .bq = a.query.bias,
          .wk = a.key.weight,
          .bk = a.key.bias,
          .wv = a.value.weight,
          .bv = a.value.bias,
          .wo = a.output.weight,
          .bo = a.output.bias,
          .scale1 = layer.around_attention.norm.weight,
          .offset1 = layer.around_attention.norm.bias,
          .feed_forward = weights_of(layer.feed_forward),
          .scale2 = layer.around_feed_forward.norm.weight,
          .offset2 = layer.around_feed_forward.norm.bias,
          .eps = layer.around_attention.norm.eps};
}

/// How much token j of the input moves token i of the output: the Euclidean norm of the block dy_i/dx_j of
/// the Jacobian. x [1, S, H], f keeps the shape -> [S, S] in f64.
inline Tensor influence(const std::function<Tensor(const Tensor&)>& f, const Tensor& x) {
  Tensor in = x.detach().clone();
  in.requires_grad();
  const Tensor y = f(in);
  const int64_t s = x.size(1), h = x.size(2);
  std::vector<Tensor> rows;
  for (int64_t i = 0; i < s; ++i) {
    Tensor squares = zeros({s}, DType::f64);
    for (int64_t c = 0; c < h; ++c) {  // one row of the Jacobian a backward
      const Tensor dx =
          grad({y.select(1, i).select(1, c)}, {in}, {ones({1}, y.dtype())}, {.retain_graph = true})[0];
      squares = squares + sum(dx * dx, Axes{0, 2}).to(DType::f64);
    }
    rows.push_back(sqrt(squares));
  }
  return stack(rows, 0);
}

}  // namespace gradus::tutorials

/// @file
/// From the vectors of a sequence to one vector: the mean, or a sum that attention weighs.
#pragma once

#include <utility>

#include "nn/linear.hpp"

namespace gradus::nn {

/// The mean over the positions that count: x [B, T, H] -> [B, H]. `allowed` is bool [B, T], true where a
/// position counts; undefined: all do. What the others hold does not matter, even NaN. A row in which none
/// counts gives zeros. @throws ShapeError if the shapes do not fit, DTypeError if the mask is not bool.
Tensor mean_pool(const Tensor& x, const Tensor& allowed = {});

struct AttentionPoolingOptions {
  int64_t size = 0;     ///< D, the numbers in a score's hidden layer; 0: as many as H
  int64_t queries = 1;  ///< R, the number of weighted sums
  Init init = init::xavier_uniform();
};

/// Attention with a learned query instead of one that comes from a token: the layer itself learns what to
/// look for in a sequence.
///
///     a = softmax(tanh(x W^T + b) Q^T) over the positions that count,    y = a^T x
///
/// W is [D, H] and Q [R, D]. One query (Yang et al. 2016, "Hierarchical attention networks", eqs. 5 to 7):
/// x [B, T, H] -> [B, H]. More of them (Lin et al. 2017, "A structured self-attentive sentence embedding",
/// eqs. 6 and 7, there without b): -> [B, R, H]. A row in which no position counts gives zeros.
///
/// The parameters are dense.weight, dense.bias and query.weight.
class AttentionPooling : public Module {
 public:
  AttentionPooling(int64_t hidden, Rng& rng, const AttentionPoolingOptions& options = {});

  /// `allowed` as for mean_pool.
  Tensor operator()(const Tensor& x, const Tensor& allowed = {}) const {
    return with_weights(x, allowed).first;
  }

  /// The result and the weights a: [B, T], or [B, R, T] for more than one query.
  std::pair<Tensor, Tensor> with_weights(const Tensor& x, const Tensor& allowed = {}) const;

  const Linear dense;  ///< W and b
  const Linear query;  ///< Q, without a bias
};

}  // namespace gradus::nn

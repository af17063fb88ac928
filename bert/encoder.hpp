/// @file
/// The encoder of BERT: attention, layer, and the stack of them (Devlin et al. 2018; Vaswani et al. 2017).
///
/// Each linear map runs without its bias where a fused op that follows adds it in the same pass over memory.
#pragma once

#include <vector>

#include "bert/config.hpp"
#include "bert/forward.hpp"
#include "nn/dropout.hpp"
#include "nn/layer_norm.hpp"
#include "nn/linear.hpp"

namespace gradus::bert {

/// Self-attention and the end of its sub-layer: LayerNorm(x + dropout(W_o heads + b_o)), where head a is
/// softmax(q k^T / sqrt(D) + mask) v over its D columns of the projections (Vaswani et al. 2017,
/// section 3.2).
class Attention : public nn::Module {
 public:
  Attention(const Config& config, Rng& rng);

  /// x [B, S, H] -> [B, S, H]. `mask` is bool and broadcasts to [B, A, S, S], true where a query may look at
  /// a key, or undefined. Where `weights` is given, it receives the probabilities [B, A, S, S].
  Tensor operator()(const Tensor& x, const Tensor& mask = {}, const ForwardOptions& options = {},
                    Tensor* weights = nullptr) const;

  const int64_t heads;                 ///< A
  const nn::Linear query, key, value;  ///< "self.query" ...: [H, H]; head a owns the rows aD ... (a + 1)D - 1
  const nn::Linear output;             ///< "output.dense": W_o [H, H]
  const nn::LayerNorm norm;            ///< "output.LayerNorm"
  const nn::Dropout attention_dropout;  ///< on the probabilities
  const nn::Dropout output_dropout;

 private:
  Tensor split_heads(const Tensor& x) const;
};

/// One block, post-norm: attention, then LayerNorm(y + dropout(W_2 act(W_1 y + b_1) + b_2)).
class Layer : public nn::Module {
 public:
  Layer(const Config& config, Rng& rng);

  /// x [B, S, H] -> [B, S, H]; mask and weights as for Attention.
  Tensor operator()(const Tensor& x, const Tensor& mask = {}, const ForwardOptions& options = {},
                    Tensor* weights = nullptr) const;

  const Attention attention;
  const nn::Linear intermediate;  ///< "intermediate.dense": W_1 [I, H]
  const nn::Linear output;        ///< "output.dense": W_2 [H, I]
  const nn::LayerNorm norm;       ///< "output.LayerNorm"
  const nn::Dropout dropout;
  const Activation activation;
};

/// L layers, one after the other: "layer.0" ... .
class Encoder : public nn::Module {
 public:
  Encoder(const Config& config, Rng& rng);

  struct Output {
    Tensor last_hidden;                 ///< [B, S, H]
    std::vector<Tensor> hidden_states;  ///< L + 1 of [B, S, H], x first; empty unless asked for
    std::vector<Tensor> attentions;     ///< L of [B, A, S, S]; empty unless asked for
  };
  Output operator()(const Tensor& x, const Tensor& mask = {}, const ForwardOptions& options = {}) const;

  const std::vector<Layer> layers;
};

}  // namespace gradus::bert

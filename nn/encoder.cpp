#include "nn/encoder.hpp"

namespace gradus::nn {

EncoderLayer::EncoderLayer(const EncoderOptions& options, Rng& rng)
    : pre_norm(options.pre_norm),
      fused(options.fused),
      attention(child("attention", MultiHeadAttention(options.hidden, options.heads, rng,
                                                      {.dropout = options.attention_dropout,
                                                       .init = options.init,
                                                       .fused = options.fused}))),
      attention_norm(child("attention.output.LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps))),
      feed_forward(child(
          "", FeedForward(options.hidden, options.intermediate, rng,
                          {.activation = options.activation, .init = options.init, .fused = options.fused}))),
      output_norm(child("output.LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps))),
      dropout(child("dropout", Dropout(options.hidden_dropout))) {}

/// LN(residual + drop(last(x))). The fused form leaves the bias of `last` to the op that walks over memory
/// anyway.
Tensor EncoderLayer::add_and_norm(const Linear& last, const Tensor& x, const Tensor& residual,
                                  const LayerNorm& norm) const {
  if (!fused) return norm(residual + dropout(last(x)));
  const Dropout::Draw drop = dropout.draw();
  return residual_layer_norm(last.without_bias(x), last.bias, residual, norm.weight, norm.bias, norm.eps,
                             drop.p, drop.seed);
}

/// All that follows the heads' results `context` [B, S, H].
Tensor EncoderLayer::finish(const Tensor& x, const Tensor& context) const {
  if (pre_norm) {
    const Tensor y = x + dropout(attention.output(context));
    return y + dropout(feed_forward(output_norm(y)));
  }
  const Tensor y = add_and_norm(attention.output, context, x, attention_norm);
  return add_and_norm(feed_forward.second, feed_forward.expanded(y), y, output_norm);
}

Tensor EncoderLayer::operator()(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const Tensor in = pre_norm ? attention_norm(x) : x;
  return finish(x, attention.context(in, in, mask));
}

std::pair<Tensor, Tensor> EncoderLayer::with_weights(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const Tensor in = pre_norm ? attention_norm(x) : x;
  const auto [context, weights] = attention.context_and_weights(in, in, mask);
  return {finish(x, context), weights};
}

// ---- The stack ----

Encoder::Encoder(const EncoderOptions& options, Rng& rng)
    : layers([&] {
        std::vector<EncoderLayer> made;
        made.reserve(static_cast<size_t>(options.layers));
        for (int64_t i = 0; i < options.layers; ++i) {
          made.push_back(child(fmt::format("layer.{}", i), EncoderLayer(options, rng)));
        }
        return made;
      }()),
      last_norm([&] {
        std::vector<LayerNorm> made;
        if (options.pre_norm) {
          made.push_back(child("LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps)));
        }
        return made;
      }()) {}

Tensor Encoder::operator()(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  Tensor y = x;
  for (const EncoderLayer& layer : layers) y = layer(y, mask);
  return finish(y);
}

std::pair<Tensor, std::vector<Tensor>> Encoder::with_weights(const Tensor& x,
                                                             const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  Tensor y = x;
  std::vector<Tensor> all;
  for (const EncoderLayer& layer : layers) {
    auto [next, weights] = layer.with_weights(y, mask);
    y = next;
    all.push_back(weights);
  }
  return {finish(y), all};
}

std::vector<Tensor> Encoder::hidden_states(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  std::vector<Tensor> states{x};
  for (const EncoderLayer& layer : layers) states.push_back(layer(states.back(), mask));
  states.back() = finish(states.back());
  return states;
}

}  // namespace gradus::nn

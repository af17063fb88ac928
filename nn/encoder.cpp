#include "nn/encoder.hpp"

namespace gradus::nn {

EncoderLayer::EncoderLayer(const EncoderOptions& options, Rng& rng)
    : pre_norm(options.pre_norm),
      attention(child("attention", MultiHeadAttention(options.hidden, options.heads, rng,
                                                      {.score = options.score,
                                                       .gated = options.gated,
                                                       .dropout = options.attention_dropout,
                                                       .init = options.init}))),
      attention_norm(child("attention.output.LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps))),
      feed_forward(child("", FeedForward(options.hidden, options.intermediate, rng,
                                         {.kind = options.activation, .init = options.init}))),
      output_norm(child("output.LayerNorm", LayerNorm(options.hidden, options.layer_norm_eps))),
      dropout(child("dropout", Dropout(options.hidden_dropout))) {}

/// LN(residual + drop(last(x))). The bias of `last` is left to the op that walks over memory anyway.
Tensor EncoderLayer::add_and_norm(const Linear& last, const Tensor& x, const Tensor& residual,
                                  const LayerNorm& norm) const {
  const Dropout::Draw drop = dropout.draw();
  return residual_layer_norm(last.without_bias(x), last.bias, residual, norm.weight, norm.bias, norm.eps,
                             drop.p, drop.seed);
}

/// The end of the first half, from the heads' results `context` [B, S, H].
Tensor EncoderLayer::after_attention(const Tensor& x, const Tensor& context) const {
  if (pre_norm) return x + dropout(attention.output(context));
  return add_and_norm(attention.output, context, x, attention_norm);
}

/// The second half.
Tensor EncoderLayer::after_feed_forward(const Tensor& x) const {
  if (pre_norm) return x + dropout(feed_forward(output_norm(x)));
  return add_and_norm(feed_forward.second, feed_forward.expanded(x), x, output_norm);
}

Tensor EncoderLayer::operator()(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const Tensor in = pre_norm ? attention_norm(x) : x;
  const Tensor y = after_attention(x, attention.context(in, in, mask));  // here the heads' results go away
  return after_feed_forward(y);
}

std::pair<Tensor, Tensor> EncoderLayer::with_weights(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const Tensor in = pre_norm ? attention_norm(x) : x;
  const auto [context, weights] = attention.context_and_weights(in, in, mask);
  return {after_feed_forward(after_attention(x, context)), weights};
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

EncoderTrace Encoder::trace(const Tensor& x, const AttentionMask& mask, const TraceOptions& wants) const {
  const ModuleScope scope = enter();
  EncoderTrace trace{.last = x, .hidden_states = {}, .attentions = {}};
  for (const EncoderLayer& layer : layers) {
    if (wants.hidden_states) trace.hidden_states.push_back(trace.last);
    if (wants.attentions) {
      auto [next, weights] = layer.with_weights(trace.last, mask);
      trace.last = next;
      trace.attentions.push_back(weights);
    } else {
      trace.last = layer(trace.last, mask);
    }
  }
  trace.last = finish(trace.last);
  if (wants.hidden_states) trace.hidden_states.push_back(trace.last);
  return trace;
}

}  // namespace gradus::nn

#include "nn/transformer/encoder.hpp"

#include "nn/recompute.hpp"

namespace gradus::nn {

Tensor gather_rows(const Tensor& x, const Tensor& positions) {
  // A batch is a table of B * S rows.
  const int64_t rows = x.numel() / x.size(-1);
  const Tensor dense = positions.contiguous();
  const int64_t* at = dense.data<int64_t>();
  for (int64_t i = 0; i < dense.numel(); ++i) {
    if (at[i] < 0 || at[i] >= rows)
      fail<IndexError>("gather_rows: position {} is outside the {} tokens of x {}", at[i], rows, x.shape());
  }
  return embedding(x.reshape({-1, x.size(-1)}), positions);  // [B, S, H] -> [B S, H] -> [n, H]
}

EncoderLayer::EncoderLayer(const EncoderOptions& options, Rng& rng)
    : attention(
          child("attention", MultiHeadAttention(options.hidden, options.heads, rng, options.attention()))),
      around_attention(child("attention.output", Residual(options.hidden, options.residual()))),
      feed_forward(child("", FeedForward(options.hidden, options.intermediate, rng,
                                         {.kind = options.feed_forward, .init = options.init}))),
      around_feed_forward(child("output", Residual(options.hidden, options.residual()))) {}

/// Both sub-layers, given what attention does before its output projection.
Tensor EncoderLayer::run(const Tensor& x, const Residual::Sublayer& attend) const {
  const Tensor y = around_attention(x, attend, attention.output);
  return around_feed_forward(
      y, [&](const Tensor& in) { return feed_forward.expanded(in); }, feed_forward.second);
}

Tensor EncoderLayer::operator()(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return run(x, [&](const Tensor& in) { return attention.attend(in, in, mask); });
}

Tensor EncoderLayer::at_positions(const Tensor& positions, const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  return run(gather_rows(x, positions), [&](const Tensor&) {  // [n, H]; but attention sees every token
    const Tensor in = around_attention.input(x);
    return gather_rows(attention.attend(in, in, mask), positions);
  });
}

std::pair<Tensor, Tensor> EncoderLayer::with_weights(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  Tensor weights;
  const Tensor y = run(x, [&](const Tensor& in) { return attention.attend(in, in, mask, &weights); });
  return {y, weights};
}

// ---- The stack ----

namespace {

/// run(layer, x), or the same computed again in backward.
template <class Run>
Tensor through(const EncoderLayer& layer, const Tensor& x, const Run& run) {
  if (!recomputes_layers()) return run(layer, x);
  return recomputed(
      layer, [layer, run](const Tensor& in) { return run(layer, in); }, x);
}

}  // namespace

Encoder::Encoder(const EncoderOptions& options, Rng& rng) : LayerStack("encoder", options, rng) {}

Tensor Encoder::operator()(const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  const auto run = [mask](const EncoderLayer& layer, const Tensor& in) { return layer(in, mask); };
  Tensor y = x;
  for (const EncoderLayer& layer : layers) y = through(layer, y, run);
  return finish(y);
}

Tensor Encoder::at_positions(const Tensor& positions, const Tensor& x, const AttentionMask& mask) const {
  const ModuleScope scope = enter();
  if (layers.empty()) return finish(gather_rows(x, positions));
  const auto run = [mask](const EncoderLayer& layer, const Tensor& in) { return layer(in, mask); };
  const auto run_last = [mask, positions](const EncoderLayer& layer, const Tensor& in) {
    return layer.at_positions(positions, in, mask);
  };
  Tensor y = x;
  for (size_t i = 0; i + 1 < layers.size(); ++i) y = through(layers[i], y, run);
  return finish(through(layers.back(), y, run_last));
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

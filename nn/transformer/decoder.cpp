#include "nn/transformer/decoder.hpp"
#include "autograd/plural.hpp"

namespace gradus::nn {
namespace {

/// [B, A, S, D] and [B, A, N, D] -> [B, A, S + N, D]
KeysAndValues joined(const KeysAndValues& before, const KeysAndValues& added) {
  if (!before.keys.defined()) return added;
  return {concat({before.keys, added.keys}, 2), concat({before.values, added.values}, 2)};
}

KeysAndValues selected(const KeysAndValues& all, const Tensor& rows) {
  if (!all.keys.defined()) return all;
  return {index_select(all.keys, 0, rows), index_select(all.values, 0, rows)};
}

}  // namespace

DecoderLayer::DecoderLayer(const DecoderOptions& options, Rng& rng)
    : attention(
          child("attention", MultiHeadAttention(options.hidden, options.heads, rng, options.attention()))),
      around_attention(child("attention.output", Residual(options.hidden, options.residual()))),
      cross(child("crossattention",
                  MultiHeadAttention(options.hidden, options.heads, rng, options.attention()))),
      around_cross(child("crossattention.output", Residual(options.hidden, options.residual()))),
      feed_forward(child("", FeedForward(options.hidden, options.intermediate, rng,
                                         {.kind = options.feed_forward, .init = options.init}))),
      around_feed_forward(child("output", Residual(options.hidden, options.residual()))) {}

/// The three sub-layers, given what the two attentions do before their output projection.
Tensor DecoderLayer::run(const Tensor& x, const Residual::Sublayer& attend_self,
                         const Residual::Sublayer& attend_memory) const {
  Tensor y = around_attention(x, attend_self, attention.output);
  y = around_cross(y, attend_memory, cross.output);
  return around_feed_forward(
      y, [&](const Tensor& in) { return feed_forward.expanded(in); }, feed_forward.second);
}

Tensor DecoderLayer::operator()(const Tensor& x, const Tensor& memory, const DecoderMask& mask) const {
  const ModuleScope scope = enter();
  return run(
      x, [&](const Tensor& in) { return attention.attend(in, in, {.allowed = mask.target, .causal = true}); },
      [&](const Tensor& in) { return cross.attend(in, memory, {.allowed = mask.memory}); });
}

DecoderLayer::Weighted DecoderLayer::with_weights(const Tensor& x, const Tensor& memory,
                                                  const DecoderMask& mask) const {
  const ModuleScope scope = enter();
  Weighted out;
  out.result = run(
      x,
      [&](const Tensor& in) {
        return attention.attend(in, in, {.allowed = mask.target, .causal = true}, &out.self_attention);
      },
      [&](const Tensor& in) {
        return cross.attend(in, memory, {.allowed = mask.memory}, &out.cross_attention);
      });
  return out;
}

DecoderLayer::State DecoderLayer::start(const Tensor& memory) const {
  const ModuleScope scope = enter();
  return {.self = {}, .cross = cross.project(memory)};
}

Tensor DecoderLayer::next(const Tensor& x, State& state, const Tensor& memory_mask) const {
  const ModuleScope scope = enter();
  const int64_t B = state.cross.keys.size(0), H = cross.query.weight.size(1);
  if (x.rank() != 3 || x.size(0) != B || x.size(2) != H) {
    fail<ShapeError>("decoder: x must be [{}, N, {}] for this state, not {}", B, H, x.shape());
  }
  KeysAndValues self;
  Tensor y = run(
      x,
      [&](const Tensor& in) {
        self = joined(state.self, attention.project(in));
        return attention.attend(in, self, {.causal = in.size(1) > 1});  // the last one sees all
      },
      [&](const Tensor& in) { return cross.attend(in, state.cross, {.allowed = memory_mask}); });
  state.self = self;  // only now: if something above throws, the state is as it was
  return y;
}

void DecoderState::select(const Tensor& rows) {
  for (DecoderLayer::State& layer : layers) {
    layer.self = selected(layer.self, rows);
    layer.cross = selected(layer.cross, rows);
  }
  if (memory_mask.defined()) memory_mask = index_select(memory_mask, 0, rows);
}

// ---- The stack ----

Decoder::Decoder(const DecoderOptions& options, Rng& rng) : LayerStack("decoder", options, rng) {}

Tensor Decoder::operator()(const Tensor& x, const Tensor& memory, const DecoderMask& mask) const {
  const ModuleScope scope = enter();
  Tensor y = x;
  for (const DecoderLayer& layer : layers) y = layer(y, memory, mask);
  return finish(y);
}

DecoderTrace Decoder::trace(const Tensor& x, const Tensor& memory, const DecoderMask& mask) const {
  const ModuleScope scope = enter();
  DecoderTrace trace{.last = x, .self_attentions = {}, .cross_attentions = {}};
  for (const DecoderLayer& layer : layers) {
    const DecoderLayer::Weighted made = layer.with_weights(trace.last, memory, mask);
    trace.last = made.result;
    trace.self_attentions.push_back(made.self_attention);
    trace.cross_attentions.push_back(made.cross_attention);
  }
  trace.last = finish(trace.last);
  return trace;
}

DecoderState Decoder::start(const Tensor& memory, const Tensor& memory_mask) const {
  const ModuleScope scope = enter();
  DecoderState state{.layers = {}, .memory_mask = memory_mask};
  for (const DecoderLayer& layer : layers) state.layers.push_back(layer.start(memory));
  return state;
}

Tensor Decoder::next(const Tensor& x, DecoderState& state) const {
  const ModuleScope scope = enter();
  if (state.layers.size() != layers.size()) {
    fail<Error>("decoder: a state of {} {} for {} {}; make it with start()", state.layers.size(),
                plural(state.layers.size(), "layer"), layers.size(), plural(layers.size(), "layer"));
  }
  DecoderState longer = state;  // handles, no numbers
  Tensor y = x;
  for (size_t i = 0; i < layers.size(); ++i) y = layers[i].next(y, longer.layers[i], longer.memory_mask);
  y = finish(y);
  longer.length += x.size(1);
  state = std::move(longer);
  return y;
}

}  // namespace gradus::nn

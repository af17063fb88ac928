/// @file
/// Chapter 10: the decoder layer and the whole Transformer, built from primitives and from chapter 6's heads.
/// The weights are a map from the library's names to tensors, so that both can run on the same ones.
#pragma once

#include <cmath>
#include <limits>
#include <map>
#include <string>

#include "autograd/autograd.hpp"
#include "nn/positional.hpp"
#include "tutorials/06_many_heads/many_heads.hpp"

namespace gradus::tutorials::translation {

using Weights = std::map<std::string, Tensor>;

// ---- What may be seen ----

/// bool [S, S]: true where word i may look at word j, which is j <= i. With `ahead` = 1 it is the famous bug:
/// each word sees the next one too.
inline Tensor causal_mask(int64_t S, int64_t ahead = 0) {
  const Tensor place = arange(S);
  const Tensor i = place.unsqueeze(1) + tensor<int64_t>({ahead}), j = place.unsqueeze(0);  // [S, 1], [1, S]
  return logical_not(less(i, j));
}

/// bool, the shape of the ids: true where an id is not padding (0).
inline Tensor not_padding(const Tensor& ids) { return logical_not(equal(ids, tensor<int64_t>({0}))); }

// ---- One look: chapter 6, with keys and values from anywhere ----

/// x W^T + b
inline Tensor affine(const Tensor& x, const Weights& w, const std::string& name) {
  return matmul(x, w.at(name + ".weight").transpose(0, 1)) + w.at(name + ".bias");
}

/// (x - mean) / sqrt(variance + eps), times and plus what was learned (chapter 8).
inline Tensor normed(const Tensor& x, const Weights& w, const std::string& name) {
  const Tensor centred = x - mean(x, Axes{-1}, true);
  const Tensor variance = mean(centred * centred, Axes{-1}, true);
  return centred * rsqrt(variance + 1e-5) * w.at(name + ".weight") + w.at(name + ".bias");
}

/// What can be looked at: keys and values [B, A, T, D].
struct LookedAt {
  Tensor keys, values;
};

inline LookedAt looked_at(const Tensor& memory, int64_t heads, const Weights& w, const std::string& name) {
  return {heads_of(affine(memory, w, name + ".self.key"), heads),
          heads_of(affine(memory, w, name + ".self.value"), heads)};
}

struct Look {
  Tensor output;   // [B, S, H]
  Tensor weights;  // [B, A, S, T]
};

/// Queries from x [B, S, H] look at keys and values made from somewhere. `seen`: bool, broadcasts to
/// [B, A, S, T].
inline Look look(const Tensor& x, const LookedAt& at, const Tensor& seen, const Weights& w,
                 const std::string& name) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Tensor q = heads_of(affine(x, w, name + ".self.query"), at.keys.size(1));  // [B, A, S, D]
  const double D = static_cast<double>(q.size(-1));
  const Tensor scores = matmul(q, at.keys.transpose(-2, -1)) / std::sqrt(D);  // [B, A, S, T]
  const Tensor weights = softmax(masked_fill(scores, logical_not(seen), -infinity));
  return {affine(side_by_side(matmul(weights, at.values)), w, name + ".output.dense"), weights};
}

// ---- Layers ----

/// Think about each word alone (chapter 9), and add it.
inline Tensor feed_forward(const Tensor& x, const Weights& w, const std::string& name) {
  const Tensor inner = relu(affine(x, w, name + ".intermediate.dense"));  // [B, S, I]
  return normed(x + affine(inner, w, name + ".output.dense"), w, name + ".output.LayerNorm");
}

/// Chapter 9's layer: every word looks at every word of its own sequence.
inline Tensor encoder_layer(const Tensor& x, const Tensor& seen, int64_t heads, const Weights& w,
                            const std::string& name) {
  const std::string attention = name + ".attention";
  const Tensor found = look(x, looked_at(x, heads, w, attention), seen, w, attention).output;
  return feed_forward(normed(x + found, w, attention + ".output.LayerNorm"), w, name);
}

struct DecoderSteps {
  Tensor output;       // [B, S, H]
  Tensor self, cross;  // weights [B, A, S, S] and [B, A, S, T]
};

/// `own`: keys and values of the decoder's words, of which `past` may be seen; `source`: of the encoder's,
/// of which `source_seen` are not padding.
inline DecoderSteps decoder_layer(const Tensor& x, const LookedAt& own, const Tensor& past,
                                  const LookedAt& source, const Tensor& source_seen, const Weights& w,
                                  const std::string& name) {
  const Look self = look(x, own, past, w, name + ".attention");
  const Tensor y = normed(x + self.output, w, name + ".attention.output.LayerNorm");
  const Look cross = look(y, source, source_seen, w, name + ".crossattention");
  const Tensor z = normed(y + cross.output, w, name + ".crossattention.output.LayerNorm");
  return {feed_forward(z, w, name), self.weights, cross.weights};
}

/// The same for a whole sequence x [B, S, H] and a memory [B, T, H] without padding.
inline DecoderSteps decoder_layer(const Tensor& x, const Tensor& memory, const Tensor& past, int64_t heads,
                                  const Weights& w, const std::string& name) {
  const Tensor all = logical_not(less(arange(memory.size(1)), tensor<int64_t>({0})));  // [T]: all true
  return decoder_layer(x, looked_at(x, heads, w, name + ".attention"), past,
                       looked_at(memory, heads, w, name + ".crossattention"), all, w, name);
}

// ---- The whole Transformer, with one layer on each side ----

/// Vectors of the ids plus positions (chapter 7): [B, S] -> [B, S, H]. `first` is the place of ids[:, 0].
inline Tensor embedded(const Tensor& ids, const Weights& w, const std::string& name, int64_t first = 0) {
  const Tensor& table = w.at(name + ".token.weight");  // [V, H]
  const int64_t H = table.size(1), last = first + ids.size(1);
  const Tensor places = nn::sinusoids(last, H).slice(0, first, last).to(table.dtype());
  return embedding(table, ids) * std::sqrt(static_cast<double>(H)) + places;
}

/// The source read once: [B, T] -> the memory [B, T, H].
inline Tensor encode(const Tensor& source, int64_t heads, const Weights& w) {
  const Tensor seen = not_padding(source).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, T]
  return encoder_layer(embedded(source, w, "source"), seen, heads, w, "encoder.layer.0");
}

/// From vectors to a score for each character: the table of the target's vectors is used once more.
inline Tensor to_logits(const Tensor& y, const Weights& w) {
  return matmul(y, w.at("target.token.weight").transpose(0, 1)) + w.at("output.bias");  // [B, S, V]
}

struct Reading {
  Tensor logits;       // [B, S, V]
  Tensor self, cross;  // weights
};

/// source [B, T] and the target so far [B, S] -> at each place the logits of the next character.
inline Reading transformer(const Tensor& source, const Tensor& target, int64_t heads, const Weights& w,
                           int64_t ahead = 0) {
  const std::string layer = "decoder.layer.0";
  const Tensor memory = encode(source, heads, w), x = embedded(target, w, "target");
  const Tensor past = logical_and(causal_mask(target.size(1), ahead),
                                  not_padding(target).unsqueeze(1).unsqueeze(1));  // [B, 1, S, S]
  const Tensor source_seen = not_padding(source).unsqueeze(1).unsqueeze(1);        // [B, 1, 1, T]
  const DecoderSteps steps =
      decoder_layer(x, looked_at(x, heads, w, layer + ".attention"), past,
                    looked_at(memory, heads, w, layer + ".crossattention"), source_seen, w, layer);
  return {to_logits(steps.output, w), steps.self, steps.cross};
}

}  // namespace gradus::tutorials::translation

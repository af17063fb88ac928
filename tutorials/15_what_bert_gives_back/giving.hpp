/// @file
/// Chapter 15: all that BERT gives back for a batch of texts, from the parts of chapters 6, 7 and 9.
#pragma once

#include <limits>

#include "bert/model/heads.hpp"
#include "tutorials/06_many_heads/many_heads.hpp"
#include "tutorials/07_positions/positions.hpp"
#include "tutorials/09_feed_forward_and_encoder/feed_forward_and_encoder.hpp"

namespace gradus::tutorials::gives_back {

/// L layers give L + 1 states: what enters the first layer, and what each of them makes of it.
struct GivenBack {
  std::vector<Tensor> states;  ///< L + 1 of [B, S, H]
  std::vector<Tensor> maps;    ///< L of [B, A, S, S], the weights of attention
};

/// One layer, post-norm, in which nobody looks at padding: x [B, S, H], real [B, S] bool. Keeps its weights.
inline Tensor layer(const Tensor& x, const Tensor& real, const EncoderWeights& w, std::vector<Tensor>& maps) {
  const Tensor q = heads_of(linear(x, w.wq, w.bq), w.heads);  // [B, A, S, D]
  const Tensor k = heads_of(linear(x, w.wk, w.bk), w.heads), v = heads_of(linear(x, w.wv, w.bv), w.heads);
  const Tensor scores = matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
  const Tensor padding = logical_not(real).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S], the keys
  maps.push_back(softmax(masked_fill(scores, padding, -std::numeric_limits<double>::infinity())));
  const Tensor mixed = linear(side_by_side(matmul(maps.back(), v)), w.wo, w.bo);  // [B, S, H]
  const Tensor y = layer_norm(x + mixed, w.scale1, w.offset1, w.eps);
  return layer_norm(y + feed_forward(y, w.feed_forward, gelu_by_hand), w.scale2, w.offset2, w.eps);
}

/// The whole body of a model of the library: the same tensors, not copies.
inline GivenBack give_back(const bert::Bert& model, const Tensor& ids, const Tensor& real) {
  const bert::Embeddings& e = model.embeddings;
  const BertInput input{e.word_embeddings.weight, e.token_type_embeddings.weight,
                        e.position_embeddings.weight, e.norm.weight, e.norm.bias};
  const Tensor segments = zeros(ids.shape(), DType::i64);  // one text a row: all of it is segment 0
  GivenBack back;
  back.states = {input(ids, segments, e.norm.eps)};
  for (const nn::EncoderLayer& one : model.encoder.layers) {
    back.states.push_back(layer(back.states.back(), real, weights_of(one), back.maps));
  }
  return back;
}

// ---- One vector for a text: [B, S, H] to [B, H] ----

inline Tensor first_vector(const Tensor& x) { return x.select(1, 0); }

inline Tensor pooled(const Tensor& x, const Tensor& weight, const Tensor& bias) {
  return tanh(linear(first_vector(x), weight, bias));
}

inline Tensor mean_of_real(const Tensor& x, const Tensor& real) {
  const Tensor counts = real.to(x.dtype()).unsqueeze(2);   // [B, S, 1], 1 or 0
  return sum(x * counts, Axes{1}) / sum(counts, Axes{1});  // [B, H] / [B, 1]
}

/// Bug of the museum: padding counts like everything else.
inline Tensor mean_of_all(const Tensor& x) { return mean(x, Axes{1}); }

}  // namespace gradus::tutorials::gives_back

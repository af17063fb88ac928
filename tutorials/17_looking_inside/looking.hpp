/// @file
/// Chapter 17: a BERT whose maps can be read, whose heads can be taken away, and whose looks can be cut.
#pragma once

#include <limits>

#include "bert/inspection/ablation.hpp"
#include "learning.hpp"
#include "tutorials/06_many_heads/many_heads.hpp"
#include "tutorials/07_positions/positions.hpp"
#include "tutorials/09_feed_forward_and_encoder/feed_forward_and_encoder.hpp"

namespace gradus::tutorials::looking_inside {

/// Which words which words may not look at in each layer: bool [B, 1, S, S], or none.
using Blind = std::vector<Tensor>;

/// What is taken away.
struct Without {
  std::vector<bert::HeadName> heads = {};  ///< their output is multiplied by 0
  Blind blind = {};                        ///< one for each layer, or empty
};

/// What is seen on the way: L + 1 states of [B, S, H] (chapter 15) and L maps of [B, A, S, S].
struct Seen {
  std::vector<Tensor> states, maps;
};

/// A factor for each head of a layer: 1, or 0 for one that is taken away. [A, 1, 1]
inline Tensor factors_of(const Without& without, int64_t layer, int64_t heads, DType dtype) {
  Tensor factors = ones({heads, 1, 1}, dtype);
  for (const bert::HeadName& one : without.heads)
    if (one.layer == layer) factors.select(0, one.head).fill_(0);
  return factors;
}

/// All layers from the embeddings x [B, S, H] on. `real` [B, S] is false for padding, at which nobody looks.
inline Seen look(const bert::Bert& model, const Tensor& x, const Tensor& real, const Without& without = {}) {
  Seen seen;
  seen.states = {x};
  for (size_t i = 0; i < model.encoder.layers.size(); ++i) {
    const EncoderWeights w = weights_of(model.encoder.layers[i]);
    const Tensor in = seen.states.back();
    const Tensor q = heads_of(linear(in, w.wq, w.bq), w.heads);  // [B, A, S, D]
    const Tensor k = heads_of(linear(in, w.wk, w.bk), w.heads), v = heads_of(linear(in, w.wv, w.bv), w.heads);
    Tensor scores = matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(q.size(3)));
    const double never = -std::numeric_limits<double>::infinity();
    scores = masked_fill(scores, logical_not(real).unsqueeze(1).unsqueeze(1), never);
    if (!without.blind.empty() && without.blind[i].defined())
      scores = masked_fill(scores, without.blind[i], never);
    seen.maps.push_back(softmax(scores));
    const Tensor factors = factors_of(without, static_cast<int64_t>(i), w.heads, x.dtype());
    const Tensor each = matmul(seen.maps.back(), v) * factors;    // [B, A, S, D]
    const Tensor mixed = linear(side_by_side(each), w.wo, w.bo);  // [B, S, H]
    const Tensor y = layer_norm(in + mixed, w.scale1, w.offset1, w.eps);
    seen.states.push_back(
        layer_norm(y + feed_forward(y, w.feed_forward, gelu_by_hand), w.scale2, w.offset2, w.eps));
  }
  return seen;
}

/// Sentences as one batch.
struct CaseBatch {
  Tensor ids, real;  ///< i64 and bool [B, S]
};
inline CaseBatch rows_of(const std::vector<Case>& cases) {
  std::vector<Asked> all;
  for (const Case& one : cases) all.push_back({one.row, one.it, one.answer()});
  const bert::PretrainingBatch batch = batch_of(all);
  const Shape shape{batch.rows, batch.length};
  return {tensor(batch.input_ids, shape), tensor(batch.attention_mask, shape).to(DType::boolean)};
}

/// The embeddings of chapter 7: i64 [B, S] -> [B, S, H].
inline Tensor embedded(const bert::Bert& model, const Tensor& ids) {
  const bert::Embeddings& e = model.embeddings;
  const BertInput input{e.word_embeddings.weight, e.token_type_embeddings.weight,
                        e.position_embeddings.weight, e.norm.weight, e.norm.bias};
  return input(ids, zeros(ids.shape(), DType::i64), e.norm.eps);
}

inline Seen look_at(const bert::Bert& model, const std::vector<Case>& cases, const Without& without = {}) {
  const CaseBatch rows = rows_of(cases);
  return look(model, embedded(model, rows.ids), rows.real, without);
}

/// The scores of all words at each "it": [B, V].
inline Tensor words_at_it(const bert::BertForPreTraining& model, const Tensor& last,
                          const std::vector<Case>& cases) {
  std::vector<Tensor> vectors;
  for (size_t b = 0; b < cases.size(); ++b)
    vectors.push_back(last.select(0, static_cast<int64_t>(b)).select(0, cases[b].it));
  return model.cls.predictions(stack(vectors, 0));
}

/// What some tokens may not look at in a layer: those that `from(case)` gives at those that `to(case)` gives.
/// bool [B, 1, S, S].
template <class From, class To>
Tensor blind_of(const std::vector<Case>& cases, const From& from, const To& to) {
  const CaseBatch rows = rows_of(cases);
  const int64_t size = rows.ids.size(1);
  Tensor hidden = zeros({rows.ids.size(0), 1, size, size}, DType::i64);
  for (size_t b = 0; b < cases.size(); ++b)
    for (const int64_t q : from(cases[b]))
      for (const int64_t k : to(cases[b]))
        hidden.select(0, static_cast<int64_t>(b)).select(0, 0).select(0, q).select(0, k).fill_(1);
  return hidden.to(DType::boolean);
}
inline Ids it_of(const Case& one) { return {one.it}; }
inline Ids nouns_of(const Case& one) { return {one.nouns[eater], one.nouns[eaten]}; }

/// The share of sentences that are right, in two ways of counting.
struct Counted {
  double of_all = 0;  ///< of all words the right noun has the largest score
  double of_two = 0;  ///< of the two nouns of the sentence the right one has the larger score
};
inline Counted count(const bert::BertForPreTraining& model, const std::vector<Case>& cases,
                     const Without& without = {}) {
  const NoGrad no_tape;
  const Tensor scores = words_at_it(model, look_at(model.bert, cases, without).states.back(), cases);
  const std::vector<int64_t> said = argmax(scores, -1).to_vector<int64_t>();
  Counted counted;
  const double share = 1 / static_cast<double>(cases.size());
  for (size_t b = 0; b < cases.size(); ++b) {
    const Case& one = cases[b];
    const auto score = [&](int64_t place) { return scores.at({static_cast<int64_t>(b), one.id_at(place)}); };
    counted.of_all += said[b] == one.answer() ? share : 0;
    counted.of_two += score(one.right()) > score(one.wrong()) ? share : 0;
  }
  return counted;
}

}  // namespace gradus::tutorials::looking_inside

/// @file
/// The clinic: the program of every patient, a BERT of two layers. A fault has its way in the lines that ask
/// for `fault`; which patient has which one does not stand here.
#pragma once

#include <cmath>
#include <string>

#include "nn/nn.hpp"
#include "rows.hpp"

namespace gradus::tutorials::clinic {

inline constexpr int64_t hidden = 32, heads = 2, layers = 2, inner = 64, positions = 48;

/// What a patient says of a batch [B, S].
struct Outputs {
  std::vector<Tensor> attention;  ///< a layer: [B, A, S, S], how much each query (row) takes of each key
  Tensor hidden;                  ///< [B, S, H], what leaves the last layer
  Tensor pooled;                  ///< [B, H], what the pairs are judged by
  Tensor words;                   ///< logits [B, S, V]
  Tensor pairs;                   ///< logits [B, 2]
};

/// Post-norm, as in chapter 9: attention and feed-forward, each with residual and LayerNorm.
class Layer : public nn::Module {
 public:
  Layer(Fault wrong, double dropout, Rng& rng)
      : query(child("attention.self.query", nn::Linear(hidden, hidden, rng))),
        key(child("attention.self.key", nn::Linear(hidden, hidden, rng))),
        value(child("attention.self.value", nn::Linear(hidden, hidden, rng))),
        output(child("attention.output.dense", nn::Linear(hidden, hidden, rng))),
        attended(child("attention.output.LayerNorm", nn::LayerNorm(hidden))),
        wide(child("intermediate.dense", nn::Linear(hidden, inner, rng))),
        narrow(child("output.dense", nn::Linear(inner, hidden, rng))),
        thought(child("output.LayerNorm", nn::LayerNorm(hidden))),
        drop(child("dropout", nn::Dropout(dropout))),
        fault(wrong) {
    const NoGrad no_tape;
    Tensor weight = output.weight;
    weight.copy_(value.weight.transpose(0, 1));  // a head begins by passing on what it looked at
  }

  /// x [B, S, H], hidden_keys bool [B, 1, 1, S] -> [B, S, H] and the weights [B, A, S, S].
  std::pair<Tensor, Tensor> operator()(const Tensor& x, const Tensor& hidden_keys) const {
    const ModuleScope scope = enter();
    const auto split = [&](const Tensor& all) {  // [B, S, H] -> [B, A, S, D]
      return all.reshape({x.size(0), x.size(1), heads, hidden / heads}).permute({0, 2, 1, 3});
    };
    Tensor scores = matmul(split(query(x)), split(key(x)).transpose(-1, -2));  // [B, A, S, S]
    scores = scores / std::sqrt(static_cast<double>(hidden / heads));
    if (fault != Fault::padding_attended) scores = masked_fill(scores, hidden_keys, -INFINITY);
    const Tensor weights = softmax(scores, fault == Fault::attention_over_queries ? -2 : -1);
    const Tensor found = matmul(weights, split(value(x)));  // [B, A, S, D]
    const Tensor joined = found.permute({0, 2, 1, 3}).reshape(x.shape());
    const Tensor middle = attended(x + drop(output(joined)));
    return {thought(middle + drop(narrow(gelu(wide(middle))))), weights};
  }

  const nn::Linear query, key, value, output;
  const nn::LayerNorm attended;
  const nn::Linear wide, narrow;
  const nn::LayerNorm thought;
  const nn::Dropout drop;
  const Fault fault;
};

/// Vectors of words, segments and positions; the layers; a head for words and one for pairs.
class Body : public nn::Module {
 public:
  Body(Fault wrong, double dropout, Rng& rng)
      : word(child("embeddings.word_embeddings", table(next_sentence::vocabulary_size(), rng))),
        segment(child("embeddings.token_type_embeddings", table(2, rng))),
        position(child("embeddings.position_embeddings", table(positions, rng))),
        norm(child("embeddings.LayerNorm", nn::LayerNorm(hidden))),
        first(child("encoder.layer.0", Layer(wrong, dropout, rng))),
        second(child("encoder.layer.1", Layer(wrong, dropout, rng))),
        pooler(child("pooler.dense", nn::Linear(hidden, hidden, rng))),
        judge(child("cls.seq_relationship", nn::Linear(hidden, 2, rng))),
        transform(child("cls.predictions.transform.dense", nn::Linear(hidden, hidden, rng))),
        transform_norm(child("cls.predictions.transform.LayerNorm", nn::LayerNorm(hidden))),
        bias(parameter("cls.predictions.bias", zeros({next_sentence::vocabulary_size()}))),
        decoder(wrong == Fault::head_not_tied
                    ? parameter("cls.predictions.decoder.weight", word.weight.detach().clone())
                    : word.weight),
        drop(child("dropout", nn::Dropout(dropout))),
        fault(wrong) {}

  /// `at_work`: training is over, and somebody asks.
  Outputs operator()(const Batch& batch, bool at_work) const {
    const ModuleScope scope = enter();
    const int64_t length = batch.input_ids.size(1);
    Tensor x = word(batch.input_ids) + segment(batch.segments) + position(arange(length));  // [B, S, H]
    x = drop(norm(x));
    const Tensor hidden_keys = equal(batch.attention_mask, 0).unsqueeze(1).unsqueeze(1);  // [B, 1, 1, S]
    Outputs out;
    for (const Layer* layer : {&first, &second}) {
      auto [y, weights] = (*layer)(x, hidden_keys);
      out.attention.push_back(weights);
      x = y;
    }
    out.hidden = x;
    Tensor vector = x.select(1, 0);  // [B, H], of [CLS]
    if (fault == Fault::pooling_mixed && at_work) {
      const Tensor there = batch.attention_mask.to(x.dtype()).unsqueeze(2);  // [B, S, 1]
      vector = sum(x * there, Axes{1}) / sum(there, Axes{1});
    }
    out.pooled = tanh(pooler(vector));
    out.pairs = judge(out.pooled);
    out.words = linear(transform_norm(gelu(transform(x))), decoder, bias);
    return out;
  }

  const nn::Embedding word, segment, position;
  const nn::LayerNorm norm;
  const Layer first, second;
  const nn::Linear pooler, judge, transform;
  const nn::LayerNorm transform_norm;
  const Tensor bias, decoder;
  const nn::Dropout drop;
  const Fault fault;

 private:
  static nn::Embedding table(int64_t rows, Rng& rng) {
    return nn::Embedding(rows, hidden, rng, {.init = nn::init::normal(0.25)});
  }
};

}  // namespace gradus::tutorials::clinic

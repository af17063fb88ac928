/// @file
/// Chapter 12: the head that turns vectors into guesses, and its loss.
#pragma once

#include "autograd/ops.hpp"
#include "bert/model/heads.hpp"

namespace gradus::tutorials::masked {

/// The head's tensors. `table` is that of the word vectors, used a second time.
struct HeadWeights {
  Tensor dense, dense_bias;  ///< [H, H], [H]
  Tensor scale, offset;      ///< [H] each, of a LayerNorm
  Tensor table, bias;        ///< [V, H], [V]
  double eps = 1e-12;
};

/// Vectors [n, H] to a score for each token of the vocabulary: logits [n, V].
inline Tensor guesses(const Tensor& vectors, const HeadWeights& w) {
  const Tensor bent = gelu(linear(vectors, w.dense, w.dense_bias));
  const Tensor ready = layer_norm(bent, w.scale, w.offset, w.eps);  // [n, H]
  return matmul(ready, w.table.transpose(0, 1)) + w.bias;           // [n, V]
}

/// The mean of -log p(what stood there), over rows of logits [n, V] and labels [n].
inline Tensor mean_surprise(const Tensor& logits, const Tensor& labels) {
  return -mean(gather(log_softmax(logits), 1, labels.unsqueeze(1)));
}

/// The same from logits of every place [N, V] and labels [N] that are no_label where nothing is asked.
inline Tensor mean_surprise_where_asked(const Tensor& logits, const Tensor& labels) {
  const Tensor nothing = equal(labels, tensor<int64_t>({bert::no_label}));
  const Tensor safe = masked_fill(labels, nothing, 0);  // some id that exists
  const Tensor said = gather(log_softmax(logits), 1, safe.unsqueeze(1)).squeeze(1);
  const Tensor asked = logical_not(nothing).to(logits.dtype());
  return -sum(said * asked) / sum(asked);
}

/// The head of a model of the library: the same tensors, not copies.
inline HeadWeights weights_of(const bert::BertForPreTraining& model) {
  const bert::MlmHead& head = model.cls.predictions;
  return {.dense = head.dense.weight,
          .dense_bias = head.dense.bias,
          .scale = head.norm.weight,
          .offset = head.norm.bias,
          .table = model.bert.embeddings.word_embeddings.weight,
          .bias = head.bias,
          .eps = model.bert.config.layer_norm_eps};
}

}  // namespace gradus::tutorials::masked

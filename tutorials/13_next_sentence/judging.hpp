/// @file
/// Chapter 13: from the vectors of a row to a verdict on the pair, and its loss.
#pragma once

#include "autograd/ops.hpp"
#include "bert/model/heads.hpp"

namespace gradus::tutorials::next_sentence {

/// The tensors of pooler and head.
struct JudgeWeights {
  Tensor pool, pool_bias;    ///< [H, H], [H]
  Tensor judge, judge_bias;  ///< [2, H], [2]
};

/// Vectors of all places [B, S, H] to one vector a row, [B, H]: that of [CLS], through a layer and tanh.
inline Tensor pooled(const Tensor& vectors, const JudgeWeights& w) {
  const Tensor first = vectors.select(1, 0);  // [B, H], the vectors of [CLS]
  return tanh(linear(first, w.pool, w.pool_bias));
}

/// A score for "is next" and one for "random": logits [B, 2].
inline Tensor verdicts(const Tensor& vectors, const JudgeWeights& w) {
  return linear(pooled(vectors, w), w.judge, w.judge_bias);
}

/// The mean of -log p(label) over the rows that have one: logits [B, 2], labels [B] of 0, 1 or no_label.
inline Tensor verdict_loss(const Tensor& logits, const Tensor& labels, int64_t left_out = bert::no_label) {
  const Tensor nothing = equal(labels, tensor<int64_t>({left_out}));
  const Tensor safe = masked_fill(labels, nothing, 0);
  const Tensor said = gather(log_softmax(logits), 1, safe.unsqueeze(1)).squeeze(1);
  const Tensor asked = logical_not(nothing).to(logits.dtype());
  return -sum(said * asked) / sum(asked);
}

/// Pooler and head of a model of the library: the same tensors, not copies.
inline JudgeWeights weights_of(const bert::BertForPreTraining& model) {
  return {.pool = model.bert.pooler->dense.weight,
          .pool_bias = model.bert.pooler->dense.bias,
          .judge = model.cls.seq_relationship.weight,
          .judge_bias = model.cls.seq_relationship.bias};
}

/// The encoder's vectors of a batch, [B, S, H], and the verdicts on it, [B, 2].
inline Tensor vectors_of(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  const Shape shape{batch.rows, batch.length};
  return model
      .bert(tensor(batch.input_ids, shape), tensor(batch.token_type_ids, shape),
            tensor(batch.attention_mask, shape))
      .last_hidden;
}
inline Tensor verdicts(const bert::BertForPreTraining& model, const bert::PretrainingBatch& batch) {
  return verdicts(vectors_of(model, batch), weights_of(model));
}

}  // namespace gradus::tutorials::next_sentence

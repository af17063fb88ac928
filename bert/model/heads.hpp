/// @file
/// BERT with its pretraining tasks on top: the masked language model (MLM) and next sentence prediction
/// (NSP).
#pragma once

#include "bert/data/pretraining_data.hpp"
#include "bert/model/model.hpp"

namespace gradus::bert {

/// "cls.predictions": hidden states to scores of every piece of the vocabulary,
/// LayerNorm(act(W h + b)) E^T + bias (Devlin et al. 2018, task 1), where E is the table of word embeddings,
/// or a table of its own, "decoder.weight", if the config does not tie them.
class MlmHead : public nn::Module {
 public:
  MlmHead(const Config& config, const Tensor& word_embeddings, Rng& rng);

  /// [..., H] -> [..., V]. It is most of a step's work for a large vocabulary, so give it only the rows that
  /// are wanted: gather_rows.
  Tensor operator()(const Tensor& hidden) const;

  const Tensor bias;            ///< [V]
  const nn::Linear dense;       ///< "transform.dense" [H, H]
  const nn::LayerNorm norm;     ///< "transform.LayerNorm"
  const Tensor decoder_weight;  ///< [V, H]
  const Activation activation;
};

/// Both heads, under "cls".
class PretrainingHeads : public nn::Module {
 public:
  PretrainingHeads(const Config& config, const Tensor& word_embeddings, Rng& rng);

  const MlmHead predictions;
  const nn::Linear seq_relationship;  ///< [2, H] on the pooled vector; class 0: B follows A, 1: B is random
};

using nn::gather_rows;

/// What BertForPreTraining gives for a batch.
struct PretrainingOutput {
  BertOutput encoded;
  Tensor mlm_logits;  ///< [n, V], one row for each masked position
  Tensor nsp_logits;  ///< [B, 2]
};

struct PretrainingLoss {
  Tensor loss;        ///< [], mlm_loss + nsp_loss: call backward() on this
  Tensor mlm_loss;    ///< [], the mean over the masked positions; 0 without any
  Tensor nsp_loss;    ///< [], the mean over the rows that have an NSP label; 0 without any
  Tensor mlm_logits;  ///< [n, V]
  Tensor nsp_logits;  ///< [B, 2]
};

/// BERT as it is pretrained. Its parameters are named as in Hugging Face's BertForPreTraining.
///
///     bert::BertForPreTraining model(config, rng);
///     bert::PretrainingLoss out = model.loss(data.batch(epoch, 0, 32));
///     out.loss.backward();
class BertForPreTraining : public nn::Module {
 public:
  BertForPreTraining(const Config& config, Rng& rng);

  /// `masked_positions`: i64 [n], b * S + s; undefined: every position, n = B * S. The rest as for Bert.
  PretrainingOutput operator()(const Tensor& input_ids, const Tensor& token_type_ids,
                               const Tensor& attention_mask, const Tensor& masked_positions,
                               const ForwardOptions& options = {}) const;

  /// The loss of pretraining: the mean of MLM over the masked positions plus the mean of NSP over the
  /// labelled rows. Each leaves out positions by a rule of its own, which does not touch the other's
  /// labels. Both look at a few tokens only, so the last layer stops after attention for the rest; without
  /// dropout the numbers are those of operator(). @throws IndexError that names a label out of range.
  PretrainingLoss loss(const PretrainingBatch& batch) const;

  const Bert bert;
  const PretrainingHeads cls;

 private:
  Tensor mlm_logits(const Tensor& rows) const;
};

}  // namespace gradus::bert

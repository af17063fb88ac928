#include "bert/model/heads.hpp"

#include "autograd/plural.hpp"
#include "bert/model/init.hpp"

namespace gradus::bert {
namespace {

Tensor mean_loss(const Tensor& logits, const std::vector<int64_t>& labels) {
  return cross_entropy(logits, tensor<int64_t>(labels), {.ignore_index = no_label});
}

void check_batch(const PretrainingBatch& batch) {
  const auto check = [](const char* name, size_t size, size_t wanted) {
    if (size != wanted)
      fail<ShapeError>("pretraining batch: {} has {} {}, not {}", name, size, plural(size, "value"), wanted);
  };
  const auto slots = static_cast<size_t>(batch.rows * batch.length);
  check("input_ids", batch.input_ids.size(), slots);
  check("token_type_ids", batch.token_type_ids.size(), slots);
  check("attention_mask", batch.attention_mask.size(), slots);
  check("masked_labels", batch.masked_labels.size(), batch.masked_positions.size());
  if (batch.first_positions.empty()) {
    check("next_sentence_labels", batch.next_sentence_labels.size(), static_cast<size_t>(batch.rows));
    check("position_ids", batch.position_ids.size(), 0);
  } else {
    check("first_positions", batch.first_positions.size(), batch.next_sentence_labels.size());
    check("position_ids", batch.position_ids.size(), slots);
  }
}

}  // namespace

// ---- Heads ----

MlmHead::MlmHead(const Config& config, const Tensor& word_embeddings, Rng& rng)
    : bias(parameter("bias", zeros({config.vocab_size}))),
      dense(child("transform.dense",
                  nn::Linear(config.hidden_size, config.hidden_size, rng, {weight_init(config)}))),
      norm(child("transform.LayerNorm", nn::LayerNorm(config.hidden_size, config.layer_norm_eps))),
      decoder_weight(config.tie_word_embeddings
                         ? word_embeddings
                         : parameter("decoder.weight", weight_init(config)(word_embeddings.shape(), rng))),
      activation(config.activation()) {}

Tensor MlmHead::operator()(const Tensor& hidden) const {
  const ModuleScope scope = enter();
  const Tensor transformed = bias_activation(dense.without_bias(hidden), dense.bias, activation);
  return linear(norm(transformed), decoder_weight, bias);
}

PretrainingHeads::PretrainingHeads(const Config& config, const Tensor& word_embeddings, Rng& rng)
    : predictions(child("predictions", MlmHead(config, word_embeddings, rng))),
      seq_relationship(
          child("seq_relationship", nn::Linear(config.hidden_size, 2, rng, {weight_init(config)}))) {}

// ---- The model ----

BertForPreTraining::BertForPreTraining(const Config& config, Rng& rng)
    : bert(child("bert", Bert(config, rng))),
      cls(child("cls", PretrainingHeads(config, bert.embeddings.word_embeddings.weight, rng))) {}

PretrainingOutput BertForPreTraining::operator()(const Tensor& input_ids, const Tensor& token_type_ids,
                                                 const Tensor& attention_mask, const Tensor& masked_positions,
                                                 const ForwardOptions& options) const {
  const ModuleScope scope = enter();
  PretrainingOutput out;
  out.encoded = bert(input_ids, token_type_ids, attention_mask, options);
  const Tensor& hidden = out.encoded.last_hidden;
  const Tensor rows = masked_positions.defined() ? gather_rows(hidden, masked_positions)
                                                 : hidden.reshape({-1, hidden.size(-1)});
  out.mlm_logits = mlm_logits(rows);
  out.nsp_logits = cls.seq_relationship(out.encoded.pooled);
  return out;
}

Tensor BertForPreTraining::mlm_logits(const Tensor& rows) const {
  // A product of no rows is left out.
  return rows.size(0) > 0 ? cls.predictions(rows) : zeros({0, bert.config.vocab_size}, rows.dtype());
}

PretrainingLoss BertForPreTraining::loss(const PretrainingBatch& batch) const {
  const ModuleScope scope = enter();
  check_batch(batch);
  const Shape shape{batch.rows, batch.length};
  const int64_t examples = batch.examples();
  std::vector<int64_t> positions = batch.first_positions;  // each example's first token, then the masked ones
  for (int64_t row = 0; positions.size() < static_cast<size_t>(examples); ++row)
    positions.push_back(row * batch.length);
  positions.insert(positions.end(), batch.masked_positions.begin(), batch.masked_positions.end());
  const Tensor hidden =
      bert.at_positions(tensor(positions), tensor(batch.input_ids, shape),
                        tensor(batch.token_type_ids, shape), tensor(batch.attention_mask, shape),
                        batch.position_ids.empty() ? Tensor() : tensor(batch.position_ids, shape));
  PretrainingLoss result;
  result.mlm_logits = mlm_logits(hidden.slice(0, examples, hidden.size(0)));
  result.nsp_logits = cls.seq_relationship(bert.pooler->of_first(hidden.slice(0, 0, examples)));
  result.mlm_loss = batch.masked_labels.empty() ? scalar(0, hidden.dtype())
                                                : mean_loss(result.mlm_logits, batch.masked_labels);
  result.nsp_loss = mean_loss(result.nsp_logits, batch.next_sentence_labels);
  result.loss = result.mlm_loss + result.nsp_loss;
  return result;
}

}  // namespace gradus::bert

#include "nn/transformer/transformer.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::nn {
namespace {

int64_t checked_vocab(const char* which, int64_t vocab) {
  if (vocab < 1) fail<ShapeError>("transformer: {} must be at least 1, not {}", which, vocab);
  return vocab;
}

Init embedding_init(const TransformerOptions& options) {
  return init::normal(1 / std::sqrt(static_cast<double>(options.hidden)));
}

EncoderOptions stack(const TransformerOptions& options, int64_t layers) {
  return {.hidden = options.hidden,
          .heads = options.heads,
          .intermediate = options.intermediate,
          .layers = layers,
          .feed_forward = options.feed_forward,
          .hidden_dropout = options.dropout,
          .attention_dropout = options.dropout,
          .layer_norm_eps = options.layer_norm_eps,
          .init = init::xavier_uniform(),
          .pre_norm = options.pre_norm};
}

void check_ids(const char* what, const Tensor& ids) {
  if (ids.rank() != 2 || ids.dtype() != DType::i64) {
    fail<ShapeError>("transformer: {} must be ids, i64 [B, S], not {} {}", what, name(ids.dtype()),
                     ids.shape());
  }
}

}  // namespace

Tensor padded(const std::vector<std::vector<int64_t>>& sequences, int64_t pad_id) {
  size_t longest = 0;
  for (const auto& sequence : sequences) longest = std::max(longest, sequence.size());
  std::vector<int64_t> ids;
  ids.reserve(sequences.size() * longest);
  for (const auto& sequence : sequences) {
    ids.insert(ids.end(), sequence.begin(), sequence.end());
    ids.insert(ids.end(), longest - sequence.size(), pad_id);
  }
  return tensor(ids, Shape{static_cast<int64_t>(sequences.size()), static_cast<int64_t>(longest)});
}

TokenEmbedding::TokenEmbedding(int64_t vocab, const TransformerOptions& options, Rng& rng)
    : token(child("token", Embedding(vocab, options.hidden, rng, {.init = embedding_init(options)}))),
      sinusoidal(options.learned_positions ? 0 : options.max_length, options.hidden),
      positions(options.learned_positions
                    ? std::optional(child("positions", LearnedPositions(options.max_length, options.hidden,
                                                                        rng, embedding_init(options))))
                    : std::nullopt),
      dropout(child("dropout", Dropout(options.dropout))) {}

Tensor TokenEmbedding::operator()(const Tensor& ids, int64_t first) const {
  const ModuleScope scope = enter();
  const Tensor x = token(ids) * std::sqrt(static_cast<double>(token.weight.size(1)));  // [B, S, H]
  return dropout(positions ? (*positions)(x, first) : sinusoidal(x, first));
}

int64_t TokenEmbedding::max_length() const {
  return positions ? positions->weight.size(0) : sinusoidal.table.size(0);
}

Transformer::Transformer(const TransformerOptions& options, Rng& rng)
    : pad_id(options.pad_id),
      source_embedding(
          child("source", TokenEmbedding(checked_vocab("source_vocab", options.source_vocab), options, rng))),
      target_embedding(
          child("target", TokenEmbedding(checked_vocab("target_vocab", options.target_vocab), options, rng))),
      encoder(child("encoder", Encoder(stack(options, options.encoder_layers), rng))),
      decoder(child("decoder", Decoder(stack(options, options.decoder_layers), rng))),
      output_weight(options.tied_output
                        ? target_embedding.token.weight
                        : parameter("output.weight",
                                    init::xavier_uniform()({options.target_vocab, options.hidden}, rng))),
      output_bias(parameter("output.bias", zeros({options.target_vocab}))) {}

Tensor Transformer::not_padding(const Tensor& ids) const {
  return logical_not(equal(ids, scalar(static_cast<double>(pad_id), DType::i64)));
}

Tensor Transformer::encode(const Tensor& source) const {
  const ModuleScope scope = enter();
  check_ids("source", source);
  return encoder(source_embedding(source), {.allowed = not_padding(source)});
}

Tensor Transformer::decode(const Tensor& target, const Tensor& memory, const Tensor& source_mask) const {
  const ModuleScope scope = enter();
  check_ids("target", target);
  const Tensor y =
      decoder(target_embedding(target), memory, {.target = not_padding(target), .memory = source_mask});
  return linear(y, output_weight, output_bias);  // [B, S, H] -> [B, S, V]
}

Tensor Transformer::operator()(const Tensor& source, const Tensor& target) const {
  const Tensor memory = encode(source);
  return decode(target, memory, not_padding(source));
}

Tensor Transformer::loss(const Tensor& source, const Tensor& target, double label_smoothing) const {
  const ModuleScope scope = enter();
  check_ids("target", target);
  const int64_t S = target.size(1);
  if (S < 2)
    fail<ShapeError>("transformer: a target {} must hold a begin and at least one id", target.shape());
  const Tensor logits = (*this)(source, target.slice(1, 0, S - 1));
  return cross_entropy(logits, target.slice(1, 1, S),
                       {.ignore_index = pad_id, .label_smoothing = label_smoothing});
}

DecoderState Transformer::start(const Tensor& source) const {
  const ModuleScope scope = enter();
  const Tensor memory = encode(source);
  return decoder.start(memory, not_padding(source));
}

Tensor Transformer::next(const Tensor& ids, DecoderState& state) const {
  const ModuleScope scope = enter();
  check_ids("ids", ids);
  return linear(decoder.next(target_embedding(ids, state.length), state), output_weight, output_bias);
}

DecoderTrace Transformer::trace(const Tensor& source, const Tensor& target) const {
  const ModuleScope scope = enter();
  check_ids("target", target);
  const Tensor memory = encode(source);
  return decoder.trace(target_embedding(target), memory,
                       {.target = not_padding(target), .memory = not_padding(source)});
}

}  // namespace gradus::nn

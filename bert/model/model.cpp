#include "bert/model/model.hpp"

#include <algorithm>

#include "bert/model/init.hpp"

namespace gradus::bert {
namespace {

const Config& checked(const Config& config) {
  config.check();
  return config;
}

void check_batch(const Tensor& input_ids, const Tensor& token_type_ids, const Tensor& attention_mask,
                 const Tensor& position_ids) {
  if (!input_ids.defined() || input_ids.rank() != 2 || input_ids.numel() == 0) {
    fail<ShapeError>("bert: input_ids must be [B, S] with at least one token, not {}",
                     input_ids.defined() ? fmt::format("{}", input_ids.shape()) : "undefined");
  }
  const auto check_like_ids = [&](const char* name, const Tensor& x) {
    if (x.defined() && x.shape() != input_ids.shape()) {
      fail<ShapeError>("bert: {} {} must have the shape of input_ids {}", name, x.shape(), input_ids.shape());
    }
  };
  check_like_ids("token_type_ids", token_type_ids);
  check_like_ids("attention_mask", attention_mask);
  check_like_ids("position_ids", position_ids);
}

nn::Encoder make_encoder(const Config& config, Rng& rng) {
  nn::Encoder encoder({.hidden = config.hidden_size,
                       .heads = config.num_attention_heads,
                       .intermediate = config.intermediate_size,
                       .layers = config.num_hidden_layers,
                       .feed_forward = {config.activation(), config.variant.gated},
                       .hidden_dropout = config.hidden_dropout_prob,
                       .attention_dropout = config.attention_probs_dropout_prob,
                       .layer_norm_eps = config.layer_norm_eps,
                       .init = weight_init(config),
                       .pre_norm = config.variant.pre_norm},
                      rng);
  if (config.init.output_from_value) {
    const NoGrad no_grad;
    for (const nn::EncoderLayer& layer : encoder.layers) {
      Tensor(layer.attention.output.weight).copy_(layer.attention.value.weight.transpose(0, 1));
    }
  }
  return encoder;
}

template <class T>
bool all_true(const Tensor& x) {
  const Tensor dense = x.contiguous();
  const T* values = dense.data<T>();
  return std::all_of(values, values + dense.numel(), [](T value) { return value != T(0); });
}

}  // namespace

Pooler::Pooler(const Config& config, Rng& rng)
    : dense(child("dense", nn::Linear(config.hidden_size, config.hidden_size, rng, {weight_init(config)}))) {}

Tensor Pooler::operator()(const Tensor& hidden) const {
  const ModuleScope scope = enter();
  return of_first(hidden.select(1, 0));  // [B, S, H] -> [B, H]
}

Tensor Pooler::of_first(const Tensor& first_tokens) const {
  const ModuleScope scope = enter();
  return tanh(dense(first_tokens));
}

Tensor padding_mask(const Tensor& attention_mask) {
  if (!attention_mask.defined()) return {};
  Tensor mask;
  if (attention_mask.dtype() == DType::boolean) {
    if (all_true<bool>(attention_mask)) return {};
    mask = attention_mask;
  } else if (attention_mask.dtype() == DType::i64) {
    if (all_true<int64_t>(attention_mask)) return {};
    mask = logical_not(equal(attention_mask, scalar(0, DType::i64)));
  } else {
    fail<DTypeError>("bert: attention_mask must be i64 or bool, not {}", name(attention_mask.dtype()));
  }
  return mask.unsqueeze(1).unsqueeze(1);  // [B, S] -> [B, 1, 1, S]
}

Bert::Bert(const Config& wanted, Rng& rng, bool with_pooler)
    : config(checked(wanted)),
      embeddings(child("embeddings", Embeddings(config, rng))),
      encoder(child("encoder", make_encoder(config, rng))),
      pooler(with_pooler ? std::optional(child("pooler", Pooler(config, rng))) : std::nullopt) {}

Tensor packed_mask(const Tensor& attention_mask) {
  return equal(attention_mask.unsqueeze(2), attention_mask.unsqueeze(1))  // [B, S, 1], [B, 1, S] -> [B, S, S]
      .unsqueeze(1);                                                      // [B, 1, S, S]
}

Tensor Bert::embed(const Tensor& input_ids, const Tensor& token_type_ids, const Tensor& attention_mask,
                   const Tensor& position_ids) const {
  check_batch(input_ids, token_type_ids, attention_mask, position_ids);
  return embeddings(input_ids,
                    token_type_ids.defined() ? token_type_ids : zeros(input_ids.shape(), DType::i64),
                    position_ids);
}

Tensor Bert::at_positions(const Tensor& positions, const Tensor& input_ids, const Tensor& token_type_ids,
                          const Tensor& attention_mask, const Tensor& position_ids) const {
  const ModuleScope scope = enter();
  if (position_ids.defined() && !attention_mask.defined()) {
    fail<ShapeError>("bert: rows with position_ids need an attention_mask that numbers their texts");
  }
  const Tensor allowed = position_ids.defined() ? packed_mask(attention_mask) : padding_mask(attention_mask);
  return encoder.at_positions(positions, embed(input_ids, token_type_ids, attention_mask, position_ids),
                              {.allowed = allowed});
}

BertOutput Bert::operator()(const Tensor& input_ids, const Tensor& token_type_ids,
                            const Tensor& attention_mask, const ForwardOptions& options) const {
  const ModuleScope scope = enter();
  nn::EncoderTrace out = encoder.trace(
      embed(input_ids, token_type_ids, attention_mask), {.allowed = padding_mask(attention_mask)},
      {.hidden_states = options.hidden_states, .attentions = options.attentions});
  Tensor pooled = pooler ? (*pooler)(out.last) : Tensor();
  return {out.last, pooled, std::move(out.hidden_states), std::move(out.attentions)};
}

}  // namespace gradus::bert

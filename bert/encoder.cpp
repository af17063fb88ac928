#include "bert/encoder.hpp"

#include "bert/init.hpp"

namespace gradus::bert {
namespace {

nn::Linear dense(int64_t in, int64_t out, const Config& config, Rng& rng) {
  return {in, out, rng, {weight_init(config)}};
}

/// LayerNorm(residual + dropout(W x + b)): how both sub-layers end.
Tensor finish(const nn::Linear& linear, const Tensor& x, const Tensor& residual, const nn::LayerNorm& norm,
              const nn::Dropout& dropout, const ForwardOptions& options) {
  const nn::Dropout::Draw drop = dropout.draw();
  const auto end = options.composed ? composed::residual_layer_norm : residual_layer_norm;
  return end(linear.without_bias(x), linear.bias, residual, norm.weight, norm.bias, norm.eps, drop.p,
             drop.seed);
}

}  // namespace

// ---- Attention ----

Attention::Attention(const Config& config, Rng& rng)
    : heads(config.num_attention_heads),
      query(child("self.query", dense(config.hidden_size, config.hidden_size, config, rng))),
      key(child("self.key", dense(config.hidden_size, config.hidden_size, config, rng))),
      value(child("self.value", dense(config.hidden_size, config.hidden_size, config, rng))),
      output(child("output.dense", dense(config.hidden_size, config.hidden_size, config, rng))),
      norm(child("output.LayerNorm", nn::LayerNorm(config.hidden_size, config.layer_norm_eps))),
      attention_dropout(child("self.dropout", nn::Dropout(config.attention_probs_dropout_prob))),
      output_dropout(child("output.dropout", nn::Dropout(config.hidden_dropout_prob))) {
  if (config.init.output_from_value) {
    const NoGrad no_grad;
    Tensor(output.weight).copy_(value.weight.transpose(0, 1));
  }
}

/// A view: [B, S, H] -> [B, S, A, D] -> [B, A, S, D].
Tensor Attention::split_heads(const Tensor& x) const {
  return x.reshape({x.size(0), x.size(1), heads, x.size(2) / heads}).transpose(1, 2);
}

Tensor Attention::operator()(const Tensor& x, const Tensor& mask, const ForwardOptions& options,
                             Tensor* weights) const {
  const ModuleScope scope = enter();
  const nn::Dropout::Draw drop = attention_dropout.draw();
  const AttentionOptions how{.mask = mask, .dropout = drop.p, .seed = drop.seed};
  const Tensor q = split_heads(query(x)), k = split_heads(key(x)), v = split_heads(value(x));
  Tensor y;  // [B, A, S, D]
  if (weights != nullptr || options.composed) {
    auto [looked_up, probabilities] = attention_with_weights(q, k, v, how);
    y = looked_up;
    if (weights != nullptr) *weights = probabilities;
  } else {
    y = scaled_dot_product_attention(q, k, v, how);
  }
  // [B, A, S, D] -> [B, S, A, D] -> [B, S, H]: a view again, for the fused op writes its result in that
  // order.
  const Tensor merged = y.transpose(1, 2).reshape(x.shape());
  return finish(output, merged, x, norm, output_dropout, options);
}

// ---- Layer ----

Layer::Layer(const Config& config, Rng& rng)
    : attention(child("attention", Attention(config, rng))),
      intermediate(
          child("intermediate.dense", dense(config.hidden_size, config.intermediate_size, config, rng))),
      output(child("output.dense", dense(config.intermediate_size, config.hidden_size, config, rng))),
      norm(child("output.LayerNorm", nn::LayerNorm(config.hidden_size, config.layer_norm_eps))),
      dropout(child("output.dropout", nn::Dropout(config.hidden_dropout_prob))),
      activation(config.activation()) {}

Tensor Layer::operator()(const Tensor& x, const Tensor& mask, const ForwardOptions& options,
                         Tensor* weights) const {
  const ModuleScope scope = enter();
  const Tensor y = attention(x, mask, options, weights);
  const auto activate = options.composed ? composed::bias_activation : bias_activation;
  const Tensor inner = activate(intermediate.without_bias(y), intermediate.bias, activation);  // [B, S, I]
  return finish(output, inner, y, norm, dropout, options);
}

// ---- Encoder ----

Encoder::Encoder(const Config& config, Rng& rng)
    : layers([&] {
        std::vector<Layer> made;
        for (int64_t i = 0; i < config.num_hidden_layers; ++i) {
          made.push_back(child(fmt::format("layer.{}", i), Layer(config, rng)));
        }
        return made;
      }()) {}

Encoder::Output Encoder::operator()(const Tensor& x, const Tensor& mask,
                                    const ForwardOptions& options) const {
  const ModuleScope scope = enter();
  Output out;
  out.last_hidden = x;
  if (options.hidden_states) out.hidden_states.push_back(x);
  for (const Layer& layer : layers) {
    Tensor weights;
    out.last_hidden = layer(out.last_hidden, mask, options, options.attentions ? &weights : nullptr);
    if (options.hidden_states) out.hidden_states.push_back(out.last_hidden);
    if (options.attentions) out.attentions.push_back(weights);
  }
  return out;
}

}  // namespace gradus::bert

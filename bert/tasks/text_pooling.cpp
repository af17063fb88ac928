#include "bert/tasks/text_pooling.hpp"

#include <algorithm>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/model/init.hpp"
#include "bert/tasks/task_models.hpp"

namespace gradus::bert {
namespace {

/// sum_l softmax(w)_l h_l of the L + 1 states [B, S, H].
Tensor mixed(const std::vector<Tensor>& states, const Tensor& weights) {
  const Tensor shares = softmax(weights);
  Tensor sum = states[0] * shares.select(0, 0);
  for (size_t l = 1; l < states.size(); ++l)
    sum = sum + states[l] * shares.select(0, static_cast<int64_t>(l));
  return sum;
}

}  // namespace

const std::vector<std::string>& text_pooling_names() {
  static const std::vector<std::string> names = {"pooler",         "cls",   "mean", "max", "attention",
                                                 "self-attention", "layers"};
  return names;
}

TextPoolingKind text_pooling_by_name(const std::string& name) {
  const std::vector<std::string>& names = text_pooling_names();
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    fail<ValueError>("there is no pooling '{}'; choose one of {}", name, fmt::join(names, ", "));
  return static_cast<TextPoolingKind>(found - names.begin());
}

std::string name_of(TextPoolingKind kind) { return text_pooling_names()[static_cast<size_t>(kind)]; }

TextPooling::TextPooling(TextPoolingKind of, const Config& config, Rng& rng)
    : kind(of),
      self_attention(
          kind == TextPoolingKind::self_attention
              ? std::optional(child("self_attention",
                                    nn::MultiHeadAttention(config.hidden_size, config.num_attention_heads,
                                                           rng, {.init = weight_init(config)})))
              : std::nullopt),
      attention(kind == TextPoolingKind::attention || kind == TextPoolingKind::self_attention
                    ? std::optional(child("attention", nn::AttentionPooling(config.hidden_size, rng)))
                    : std::nullopt),
      layer_weights(kind == TextPoolingKind::layers
                        ? parameter("layer_weights", zeros({config.num_hidden_layers + 1}))
                        : Tensor()) {
  if (kind == TextPoolingKind::pooler) fail<ValueError>("the pooler is a part of the body");
}

Tensor TextPooling::operator()(const Bert& body, const TaskInput& input) const {
  const ModuleScope scope = enter();
  const BertOutput out = body(input.ids, input.token_type_ids, input.attention_mask,
                              {.hidden_states = kind == TextPoolingKind::layers});
  const Tensor& hidden = out.last_hidden;                                               // [B, S, H]
  const Tensor real = logical_not(equal(input.attention_mask, scalar(0, DType::i64)));  // bool [B, S]
  switch (kind) {
    case TextPoolingKind::cls:
      return pool(hidden, real, Pooling::cls);
    case TextPoolingKind::max:
      return pool(hidden, real, Pooling::max);
    case TextPoolingKind::attention:
      return (*attention)(hidden, real);
    case TextPoolingKind::self_attention:
      return (*attention)((*self_attention)(hidden, {.allowed = padding_mask(input.attention_mask)}), real);
    case TextPoolingKind::layers:
      return nn::mean_pool(mixed(out.hidden_states, layer_weights), real);
    default:
      return nn::mean_pool(hidden, real);
  }
}

}  // namespace gradus::bert

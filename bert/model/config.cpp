#include "bert/model/config.hpp"

#include <array>
#include <cmath>
#include <optional>
#include <utility>

#include "nn/activation_names.hpp"

namespace gradus::bert {
namespace {

struct Size {
  std::string_view name;
  int64_t layers, hidden;
};
constexpr std::array<Size, 5> published_sizes = {
    {{"tiny", 2, 128}, {"mini", 4, 256}, {"small", 4, 512}, {"medium", 8, 512}, {"base", 12, 768}}};
constexpr int64_t published_head_size = 64;  // of every published BERT

std::string unknown_activation(const std::string& name) {
  return fmt::format(
      "hidden_act \"{}\" is not known; it must be gelu, gelu_new, relu or silu, or another of Hugging Face's "
      "names for one of them",
      name);
}

}  // namespace

Config Config::named(std::string_view size, int64_t vocab_size) {
  for (const Size& known : published_sizes) {
    if (known.name != size) continue;
    Config config;
    config.vocab_size = vocab_size;
    config.hidden_size = known.hidden;
    config.num_hidden_layers = known.layers;
    config.num_attention_heads = known.hidden / published_head_size;
    config.intermediate_size = 4 * known.hidden;
    return config;
  }
  fail<ValueError>("config: there is no size \"{}\"; the sizes are tiny, mini, small, medium and base", size);
}

Activation Config::activation() const {
  const std::optional<Activation> kind = nn::find_activation(hidden_act);
  if (!kind) fail<ValueError>("config: {}", unknown_activation(hidden_act));
  return *kind;
}

std::string Config::layers_text() const {
  return hidden_act + (variant.gated ? " as gates" : "") + (variant.pre_norm ? ", pre-norm" : "");
}

std::string Config::problem() const {
  const std::array<std::pair<const char*, int64_t>, 7> sizes = {
      {{"vocab_size", vocab_size},
       {"hidden_size", hidden_size},
       {"num_hidden_layers", num_hidden_layers},
       {"num_attention_heads", num_attention_heads},
       {"intermediate_size", intermediate_size},
       {"max_position_embeddings", max_position_embeddings},
       {"type_vocab_size", type_vocab_size}}};
  for (const auto& [name, value] : sizes) {
    if (value < 1 || value > largest) {
      return fmt::format("{} is {}, but must be between 1 and {}", name, value, largest);
    }
  }
  if (hidden_size % num_attention_heads != 0) {
    return fmt::format("hidden_size {} is not a multiple of num_attention_heads {}", hidden_size,
                       num_attention_heads);
  }
  if (!nn::find_activation(hidden_act)) return unknown_activation(hidden_act);
  const std::array<std::pair<const char*, double>, 2> probabilities = {
      {{"hidden_dropout_prob", hidden_dropout_prob},
       {"attention_probs_dropout_prob", attention_probs_dropout_prob}}};
  for (const auto& [name, p] : probabilities) {
    if (!(p >= 0 && p < 1)) return fmt::format("{} is {}, but must be in [0, 1)", name, p);
  }
  if (!(initializer_range >= 0 && std::isfinite(initializer_range))) {
    return fmt::format("initializer_range is {}, but must be 0 or more", initializer_range);
  }
  if (!(layer_norm_eps >= 0 && std::isfinite(layer_norm_eps))) {
    return fmt::format("layer_norm_eps is {}, but must be 0 or more", layer_norm_eps);
  }
  if (pad_token_id < 0 || pad_token_id >= vocab_size) {
    return fmt::format("pad_token_id is {}, but must be one of the {} pieces", pad_token_id, vocab_size);
  }
  return {};
}

void Config::check() const {
  if (const std::string text = problem(); !text.empty()) fail<ValueError>("config: {}", text);
}

}  // namespace gradus::bert

#include "bert/checkpoint/checkpoint_names.hpp"

#include <algorithm>
#include <string_view>

#include "autograd/ops.hpp"
#include "autograd/plural.hpp"
#include "bert/model/init.hpp"

namespace gradus::bert {
namespace {

constexpr const char* word_weight = "bert.embeddings.word_embeddings.weight";
constexpr const char* mlm_bias = "cls.predictions.bias";
constexpr const char* decoder_weight = "cls.predictions.decoder.weight";
constexpr const char* decoder_bias = "cls.predictions.decoder.bias";
constexpr std::string_view layer_prefix = "bert.encoder.layer.";

bool same_values(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() &&
         a.to(DType::f64).to_vector<double>() == b.to(DType::f64).to_vector<double>();
}

/// Replaces the ending of `name` if it is `from`.
void replace_ending(std::string& name, std::string_view from, std::string_view to) {
  if (name.ends_with(from)) name.replace(name.size() - from.size(), from.size(), to);
}

/// One more than the largest N of "bert.encoder.layer.N.".
int64_t count_layers(const nn::StateDict& weights) {
  int64_t layers = 0;
  for (const auto& [name, value] : weights) {
    if (!name.starts_with(layer_prefix)) continue;
    const std::string number =
        name.substr(layer_prefix.size(), name.find('.', layer_prefix.size()) - layer_prefix.size());
    const bool is_number =
        !number.empty() && number.size() < 7 &&
        std::all_of(number.begin(), number.end(), [](char c) { return c >= '0' && c <= '9'; });
    if (is_number) layers = std::max<int64_t>(layers, std::stoll(number) + 1);
  }
  return layers;
}

}  // namespace

std::string_view wrapper_prefix(std::string_view name) {
  size_t length = 0;
  for (bool more = true; more;) {
    more = false;
    for (const std::string_view prefix : {"module.", "_orig_mod.", "model."}) {
      if (!name.substr(length).starts_with(prefix)) continue;
      length += prefix.size();
      more = true;
    }
  }
  return name.substr(0, length);
}

std::string canonical_name(std::string name) {
  name.erase(0, wrapper_prefix(name).size());
  if (name.ends_with("embeddings.position_ids")) return {};
  replace_ending(name, "LayerNorm.gamma", "LayerNorm.weight");
  replace_ending(name, "LayerNorm.beta", "LayerNorm.bias");
  for (const char* part : {"embeddings.", "encoder.", "pooler."}) {
    if (name.starts_with(part)) return "bert." + name;
  }
  return name;
}

void resolve_decoder(Checkpoint& checkpoint) {
  nn::StateDict& weights = checkpoint.weights;
  const auto own_bias = weights.find(decoder_bias);
  if (own_bias != weights.end()) {
    const auto bias = weights.find(mlm_bias);
    if (bias != weights.end() && !same_values(bias->second, own_bias->second)) {
      checkpoint.warnings.push_back(fmt::format("{}: {} differs from {}; the decoder's is used",
                                                checkpoint.file.string(), decoder_bias, mlm_bias));
    }
    weights[mlm_bias] = own_bias->second;
    weights.erase(decoder_bias);
  }

  const auto own = weights.find(decoder_weight);
  const auto word = weights.find(word_weight);
  if (own == weights.end() || word == weights.end()) return;
  if (!checkpoint.config.tie_word_embeddings) return;
  if (same_values(own->second, word->second)) {
    weights.erase(own);
  } else {
    checkpoint.config.tie_word_embeddings = false;
    checkpoint.warnings.push_back(fmt::format("{}: {} differs from the word embeddings; it is kept apart",
                                              checkpoint.file.string(), decoder_weight));
  }
}

void cut_padded_vocabulary(Checkpoint& checkpoint) {
  const int64_t V = checkpoint.config.vocab_size;
  for (const char* name : {word_weight, mlm_bias, decoder_weight}) {
    const auto found = checkpoint.weights.find(name);
    if (found == checkpoint.weights.end() || found->second.rank() == 0) continue;
    const int64_t rows = found->second.size(0);
    if (rows <= V || rows % 8 != 0 || rows - V >= 64) continue;  // padded to a multiple of 8, 16, 32 or 64
    found->second = found->second.slice(0, 0, V);
    checkpoint.warnings.push_back(fmt::format("{}: {} has {} rows for {} {}; the last {} {} left out",
                                              checkpoint.file.string(), name, rows, V, plural(V, "piece"),
                                              rows - V, plural(rows - V, "is", "are")));
  }
}

void extend_vocabulary(Checkpoint& checkpoint, int64_t pieces, Rng& rng) {
  Config& config = checkpoint.config;
  const int64_t more = pieces - config.vocab_size;
  if (more <= 0) return;
  const auto append = [&](const char* name, const Tensor& rows) {
    const auto found = checkpoint.weights.find(name);
    if (found != checkpoint.weights.end())
      found->second = concat({found->second.to(DType::f32), rows}, 0);  // [V, ...] -> [V + more, ...]
  };
  for (const char* table : {word_weight, decoder_weight})
    append(table, weight_init(config)({more, config.hidden_size}, rng));
  append(mlm_bias, zeros({more}));
  config.vocab_size = pieces;
}

void check_sizes(const Checkpoint& checkpoint) {
  const Config& c = checkpoint.config;
  const auto check = [&](const std::string& name, const Shape& wanted) {
    const auto found = checkpoint.weights.find(name);
    if (found == checkpoint.weights.end()) {
      fail<FormatError>("{}: has no tensor {}, so it is not a BERT", checkpoint.file.string(), name);
    }
    if (found->second.shape() != wanted) {
      fail<FormatError>("{}: {} is {}, but config.json makes it {}", checkpoint.file.string(), name,
                        found->second.shape(), wanted);
    }
  };
  check(word_weight, {c.vocab_size, c.hidden_size});
  check("bert.embeddings.position_embeddings.weight", {c.max_position_embeddings, c.hidden_size});
  check("bert.embeddings.token_type_embeddings.weight", {c.type_vocab_size, c.hidden_size});
  check("bert.encoder.layer.0.intermediate.dense.weight", {c.intermediate_size, c.hidden_size});
  const int64_t layers = count_layers(checkpoint.weights);
  if (layers != c.num_hidden_layers) {
    fail<FormatError>("{}: has {} {}, but config.json says {}", checkpoint.file.string(), layers,
                      plural(layers, "layer"), c.num_hidden_layers);
  }
}

}  // namespace gradus::bert

/// @file
/// Config: the sizes and settings of a BERT, with the names and defaults of Hugging Face's config.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "autograd/ops.hpp"

namespace gradus::bert {

/// How a fresh model begins, beyond what Hugging Face's config can say. Weights are normal with mean 0 and
/// std `initializer_range`, biases 0, LayerNorm scales 1 (Devlin et al. 2018's code). A loaded model does not
/// look at this.
struct InitOptions {
  bool truncated = false;  ///< draw values beyond two std again, as google-research/bert does
  /// Position p begins as the sinusoids of Vaswani et al. 2017, section 3.5, with rows as long as the other
  /// tables'.
  bool sinusoidal_positions = false;
  /// Each W_o begins as W_v transposed, so that a head begins by passing on what it looked at.
  bool output_from_value = false;

  bool operator==(const InitOptions&) const = default;
};

/// What makes a network that is no BERT any more, though it is built of the same parts. Hugging Face's BERT
/// does not compute these, so a folder with one of them says model_type "gradus-bert", which it refuses.
struct Variant {
  bool pre_norm =
      false;  ///< LayerNorm before each half of a layer, not after its sum (Xiong et al. 2020, section 3)
  bool gated =
      false;  ///< hidden_act gates: act(W_g x) * (W_1 x), as GEGLU with gelu (Shazeer 2020, section 2)

  bool operator==(const Variant&) const = default;
};

/// The shape of a BERT (Devlin et al. 2018, section 3). The letters are those of the comments throughout
/// bert/.
struct Config {
  int64_t vocab_size = 30522;        ///< V
  int64_t hidden_size = 768;         ///< H
  int64_t num_hidden_layers = 12;    ///< L
  int64_t num_attention_heads = 12;  ///< A; H must be a multiple of it
  int64_t intermediate_size = 3072;  ///< I, the width inside the feed-forward layer
  std::string hidden_act = "gelu";   ///< a name that nn::find_activation knows
  double hidden_dropout_prob = 0.1;  ///< after the embeddings and at the end of each sub-layer
  double attention_probs_dropout_prob = 0.1;
  int64_t max_position_embeddings = 512;  ///< P, the longest sequence
  int64_t type_vocab_size = 2;            ///< T, the number of segments
  double initializer_range = 0.02;        ///< std of fresh weights
  double layer_norm_eps = 1e-12;
  int64_t pad_token_id = 0;         ///< its word embedding begins at 0
  bool tie_word_embeddings = true;  ///< the MLM decoder's weight is the table of word embeddings
  InitOptions init = {};            ///< Gradus's own; in config.json under the key "gradus"
  Variant variant = {};             ///< likewise

  /// The published sizes: "tiny" (L 2, H 128), "mini" (4, 256), "small" (4, 512), "medium" (8, 512) and
  /// "base" (12, 768), with A = H / 64 and I = 4 H (Turc et al. 2019, table 1). @throws ValueError for
  /// another name.
  static Config named(std::string_view size, int64_t vocab_size = 30522);

  /// The most that a size may be: beyond it no table fits any memory, and a product of two still fits an
  /// int64_t.
  static constexpr int64_t largest = int64_t{1} << 31;

  int64_t head_size() const { return hidden_size / num_attention_heads; }  ///< D
  /// "gelu", or of a variant "gelu as gates" and "gelu, pre-norm": for a reader.
  std::string layers_text() const;
  Activation activation()
      const;  ///< what `hidden_act` names. @throws ValueError for a name that is not known

  /// One sentence about the first value that no BERT can have, or an empty string.
  std::string problem() const;
  void check() const;  ///< @throws ValueError with problem(), if there is one. Models check their config.

  bool operator==(const Config&) const = default;
};

/// Reads a config.json that Gradus or Hugging Face wrote. An absent key has the default above; keys that
/// Gradus does not know are ignored.
/// @throws IoError; FormatError that names the file and the key for bad JSON, a value of the wrong kind, and
///         for what Gradus does not compute: another model_type, relative positions, a decoder, cross
///         attention, an unknown activation, H that is not a multiple of A.
Config load_config(const std::filesystem::path& file);

/// The `model_type` of a folder that Hugging Face does not read as a BERT, since it is none.
inline constexpr const char* variant_type = "gradus-bert";

/// The text of a config.json that Hugging Face reads. `architecture` is its class, such as
/// "BertForPreTraining".
std::string config_to_json(const Config& config, const std::string& architecture);

}  // namespace gradus::bert

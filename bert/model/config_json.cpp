// Config to and from Hugging Face's config.json.
#include <nlohmann/json.hpp>

#include "bert/model/config.hpp"
#include "bert/text/json_node.hpp"

namespace gradus::bert {
namespace {

using nlohmann::ordered_json;

/// The value of a key, unless it is absent or null.
const nlohmann::json* find(const JsonNode& node, const std::string& key) {
  if (!node.has(key) || node.value().at(key).is_null()) return nullptr;
  return &node.value().at(key);
}

void read(const JsonNode& node, const std::string& key, int64_t& value) {
  if (find(node, key)) value = node.at(key).whole();
}
void read(const JsonNode& node, const std::string& key, double& value) {
  if (find(node, key)) value = node.at(key).number();
}
void read(const JsonNode& node, const std::string& key, bool& value) {
  if (find(node, key)) value = node.at(key).boolean();
}
void read(const JsonNode& node, const std::string& key, std::string& value) {
  if (find(node, key)) value = node.at(key).text();
}

/// What makes a model another one than Gradus computes.
void refuse_other_models(const JsonNode& root) {
  std::string type = "bert", position = "absolute";
  bool is_decoder = false, cross_attention = false;
  read(root, "model_type", type);
  read(root, "position_embedding_type", position);
  read(root, "is_decoder", is_decoder);
  read(root, "add_cross_attention", cross_attention);
  if (type != "bert" && type != variant_type)
    root.at("model_type").refuse("\"bert\", the only kind of model that Gradus reads");
  if (position != "absolute") {
    root.at("position_embedding_type").refuse("\"absolute\": Gradus has no relative positions");
  }
  if (is_decoder) root.at("is_decoder").refuse("false: Gradus reads encoders, not decoders");
  if (cross_attention) root.at("add_cross_attention").refuse("false: Gradus's BERT has no cross attention");
}

}  // namespace

Config load_config(const std::filesystem::path& file) {
  const nlohmann::json content = parse_json_file(file);
  const JsonNode root(file.string(), content);
  refuse_other_models(root);
  Config c;
  read(root, "vocab_size", c.vocab_size);
  read(root, "hidden_size", c.hidden_size);
  read(root, "num_hidden_layers", c.num_hidden_layers);
  read(root, "num_attention_heads", c.num_attention_heads);
  read(root, "intermediate_size", c.intermediate_size);
  read(root, "hidden_act", c.hidden_act);
  read(root, "hidden_dropout_prob", c.hidden_dropout_prob);
  read(root, "attention_probs_dropout_prob", c.attention_probs_dropout_prob);
  read(root, "max_position_embeddings", c.max_position_embeddings);
  read(root, "type_vocab_size", c.type_vocab_size);
  read(root, "initializer_range", c.initializer_range);
  read(root, "layer_norm_eps", c.layer_norm_eps);
  read(root, "pad_token_id", c.pad_token_id);
  read(root, "tie_word_embeddings", c.tie_word_embeddings);
  if (find(root, "gradus")) {
    const JsonNode own = root.at("gradus");
    read(own, "truncated_init", c.init.truncated);
    read(own, "sinusoidal_positions", c.init.sinusoidal_positions);
    read(own, "output_from_value", c.init.output_from_value);
    read(own, "pre_norm", c.variant.pre_norm);
    read(own, "gated", c.variant.gated);
  }
  if (const std::string problem = c.problem(); !problem.empty()) {
    fail<FormatError>("{}: {}", file.string(), problem);
  }
  return c;
}

std::string config_to_json(const Config& c, const std::string& architecture) {
  ordered_json out = {{"architectures", ordered_json::array({architecture})},
                      {"model_type", c.variant == Variant{} ? "bert" : variant_type},
                      {"vocab_size", c.vocab_size},
                      {"hidden_size", c.hidden_size},
                      {"num_hidden_layers", c.num_hidden_layers},
                      {"num_attention_heads", c.num_attention_heads},
                      {"intermediate_size", c.intermediate_size},
                      {"hidden_act", c.hidden_act},
                      {"hidden_dropout_prob", c.hidden_dropout_prob},
                      {"attention_probs_dropout_prob", c.attention_probs_dropout_prob},
                      {"max_position_embeddings", c.max_position_embeddings},
                      {"type_vocab_size", c.type_vocab_size},
                      {"initializer_range", c.initializer_range},
                      {"layer_norm_eps", c.layer_norm_eps},
                      {"pad_token_id", c.pad_token_id},
                      {"position_embedding_type", "absolute"},
                      {"tie_word_embeddings", c.tie_word_embeddings},
                      {"torch_dtype", "float32"}};
  if (c.init != InitOptions{}) {
    // Hugging Face keeps a key that it does not know and does nothing with it.
    out["gradus"] = {{"truncated_init", c.init.truncated},
                     {"sinusoidal_positions", c.init.sinusoidal_positions},
                     {"output_from_value", c.init.output_from_value}};
  }
  if (c.variant != Variant{}) {
    out["gradus"]["pre_norm"] = c.variant.pre_norm;
    out["gradus"]["gated"] = c.variant.gated;
  }
  return out.dump(2) + "\n";
}

}  // namespace gradus::bert

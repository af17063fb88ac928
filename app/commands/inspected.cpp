#include "app/commands/inspected.hpp"

#include <algorithm>

#include "bert/tokenizer/tokenizer_files.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

Weights read_weights(const fs::path& path) {
  const nn::SafetensorsFile file(path);
  return {path, fs::file_size(path), file.entries(), file.metadata()};
}

Contents read_folder(const fs::path& folder) {
  Contents found;
  if (fs::exists(folder / "config.json")) found.config = bert::load_config(folder / "config.json");
  if (fs::exists(folder / "vocab.txt") || fs::exists(folder / "tokenizer.json")) {
    found.tokenizer = bert::load_tokenizer(folder);
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".safetensors") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) found.weights.push_back(read_weights(file));
  if (!found.config && !found.tokenizer && files.empty()) {
    fail<FormatError>("{} is no checkpoint: it has no config.json, no tokenizer and no .safetensors file",
                      folder.string());
  }
  return found;
}

}  // namespace

Contents read_contents(const fs::path& path) {
  if (fs::is_directory(path)) return read_folder(path);
  Contents found;
  found.weights.push_back(read_weights(path));
  return found;
}

nlohmann::ordered_json config_json(const bert::Config& config) {
  nlohmann::ordered_json out = {{"vocab_size", config.vocab_size},
                                {"hidden_size", config.hidden_size},
                                {"num_hidden_layers", config.num_hidden_layers},
                                {"num_attention_heads", config.num_attention_heads},
                                {"intermediate_size", config.intermediate_size},
                                {"hidden_act", config.hidden_act},
                                {"hidden_dropout_prob", config.hidden_dropout_prob},
                                {"attention_probs_dropout_prob", config.attention_probs_dropout_prob},
                                {"max_position_embeddings", config.max_position_embeddings},
                                {"type_vocab_size", config.type_vocab_size},
                                {"initializer_range", config.initializer_range},
                                {"layer_norm_eps", config.layer_norm_eps},
                                {"pad_token_id", config.pad_token_id},
                                {"tie_word_embeddings", config.tie_word_embeddings}};
  if (config.variant.pre_norm) out["pre_norm"] = true;
  if (config.variant.gated) out["gated"] = true;
  return out;
}

nlohmann::ordered_json tokenizer_json(const bert::Tokenizer& tokenizer) {
  return {{"pieces", tokenizer.vocab().size()},
          {"lowercase", tokenizer.normalizer().lowercase},
          {"strip_accents", tokenizer.normalizer().strips_accents()},
          {"google_rules", tokenizer.normalizer().google}};
}

}  // namespace gradus::app

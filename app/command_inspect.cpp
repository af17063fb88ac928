// gradus inspect: what is in a checkpoint's folder, or in one safetensors file.
#include <algorithm>
#include <memory>
#include <optional>

#include "app/command.hpp"
#include "app/commands.hpp"
#include "app/model_files.hpp"
#include "app/options.hpp"
#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "nn/safetensors.hpp"

namespace gradus::app {
namespace fs = std::filesystem;
namespace {

struct Options {
  fs::path path;
  bool json = false;
};

/// One safetensors file. Only its header is read, so that a large model is shown at once.
struct Weights {
  fs::path path;
  std::uintmax_t bytes = 0;
  std::map<std::string, nn::SafetensorsFile::Entry> tensors;
  std::map<std::string, std::string> metadata;

  std::int64_t numbers() const {
    std::int64_t sum = 0;
    for (const auto& [name, entry] : tensors) sum += entry.shape.numel();
    return sum;
  }
};

/// What was found. A part that the folder does not have is empty.
struct Contents {
  std::optional<bert::Config> config;
  std::optional<bert::Tokenizer> tokenizer;
  std::vector<Weights> weights;
};

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

Contents read(const fs::path& path) {
  if (fs::is_directory(path)) return read_folder(path);
  Contents found;
  found.weights.push_back(read_weights(path));
  return found;
}

nlohmann::ordered_json to_json(const bert::Config& config) {
  return {{"vocab_size", config.vocab_size},
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
}

nlohmann::ordered_json to_json(const bert::Tokenizer& tokenizer) {
  return {{"pieces", tokenizer.vocab().size()},
          {"lowercase", tokenizer.normalizer().lowercase},
          {"strip_accents", tokenizer.normalizer().strips_accents()},
          {"google_rules", tokenizer.normalizer().google}};
}

nlohmann::ordered_json to_json(const Weights& file) {
  nlohmann::ordered_json tensors = nlohmann::ordered_json::array();
  for (const auto& [name, entry] : file.tensors) {
    tensors.push_back({{"name", name},
                       {"dtype", entry.dtype},
                       {"shape", std::vector<std::int64_t>(entry.shape.begin(), entry.shape.end())},
                       {"numbers", entry.shape.numel()}});
  }
  return {{"path", file.path.string()},
          {"bytes", file.bytes},
          {"numbers", file.numbers()},
          {"metadata", file.metadata},
          {"tensors", tensors}};
}

nlohmann::ordered_json to_json(const Contents& found, const fs::path& path) {
  nlohmann::ordered_json out = {{"path", path.string()}};
  out["config"] = found.config ? to_json(*found.config) : nlohmann::ordered_json();
  out["tokenizer"] = found.tokenizer ? to_json(*found.tokenizer) : nlohmann::ordered_json();
  out["weights"] = nlohmann::ordered_json::array();
  for (const Weights& file : found.weights) out["weights"].push_back(to_json(file));
  return out;
}

std::string to_text(const bert::Config& config) {
  return fmt::format(
      "config\n"
      "  {}, {}, hidden size {}, intermediate size {}, {}\n"
      "  {}, {}, {}\n"
      "  dropout {} and {} (attention), LayerNorm eps {:g}, {} MLM decoder\n",
      counted(config.num_hidden_layers, "layer"), counted(config.num_attention_heads, "head"),
      with_commas(config.hidden_size), with_commas(config.intermediate_size), config.hidden_act,
      counted(config.vocab_size, "piece"), counted(config.max_position_embeddings, "position"),
      counted(config.type_vocab_size, "segment"), config.hidden_dropout_prob,
      config.attention_probs_dropout_prob, config.layer_norm_eps,
      config.tie_word_embeddings ? "tied" : "untied");
}

std::string to_text(const bert::Tokenizer& tokenizer) {
  const bert::BertNormalizer& normalizer = tokenizer.normalizer();
  return fmt::format("tokenizer\n  {}, {}, {}{}\n", counted(tokenizer.vocab().size(), "piece"),
                     normalizer.lowercase ? "lower case" : "cased",
                     normalizer.strips_accents() ? "accents stripped" : "accents kept",
                     normalizer.google ? ", Google's rules" : "");
}

std::string to_text(const Weights& file) {
  std::string out =
      fmt::format("{}\n  {}, {}, {}\n", file.path.filename().string(),
                  counted(static_cast<std::int64_t>(file.tensors.size()), "tensor"),
                  counted(file.numbers(), "number"), counted(static_cast<std::int64_t>(file.bytes), "byte"));
  for (const auto& [key, value] : file.metadata) out += fmt::format("  {}: {}\n", key, value);
  for (const auto& [name, entry] : file.tensors) {
    out += fmt::format("  {:>12}  {:<4}  {:<16}  {}\n", with_commas(entry.shape.numel()), entry.dtype,
                       fmt::format("{}", entry.shape), name);
  }
  return out;
}

void run(const Options& options) {
  const Contents found = read(options.path);
  if (found.config && found.tokenizer) check_vocabulary("inspect", *found.tokenizer, *found.config);
  if (options.json) return print(to_json(found, options.path));
  std::string text;
  if (found.config) text += to_text(*found.config);
  if (found.tokenizer) text += to_text(*found.tokenizer);
  for (const Weights& file : found.weights) text += to_text(file);
  print(text);
}

}  // namespace

void add_inspect(CLI::App& program) {
  CLI::App* command = add_command(program, "inspect",
                                  "Show what is in a checkpoint: config, tokenizer, tensors and their shapes",
                                  "gradus corpus toy --out toy --stories 2000\n"
                                  "gradus vocab toy/train.txt --size 1000 --out tokenizer/\n"
                                  "gradus inspect tokenizer");
  auto options = std::make_shared<Options>();
  add_path(*command, "PATH", options->path, "", "A model's folder, or a .safetensors file").required();
  add_json(*command, options->json);
  on_call(*command, [options] { run(*options); });
}

}  // namespace gradus::app

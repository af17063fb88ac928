// The half of checkpoint.hpp that writes.
#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/text/staged_folder.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

void save(const fs::path& folder, const nn::StateDict& weights, const Config& config,
          const std::string& config_json, const Tokenizer* tokenizer) {
  if (tokenizer != nullptr) {
    const auto pieces = static_cast<int64_t>(tokenizer->vocab().pieces().size());
    if (pieces > config.vocab_size) {
      fail<FormatError>("save_pretrained: the tokenizer has {} pieces and the model only {}", pieces,
                        config.vocab_size);
    }
  }
  write_folder(folder, [&](const fs::path& place) {
    if (tokenizer != nullptr) save_tokenizer(place, *tokenizer, config.max_position_embeddings);
    write_file_atomically(place / "config.json", config_json);
    nn::write_safetensors(place / "model.safetensors", weights, {{"format", "pt"}});
  });
}

/// The parameters in f32, which is what a checkpoint holds.
nn::StateDict single_precision(const nn::Module& model) {
  nn::StateDict state = model.state_dict();
  for (auto& [name, value] : state) value = value.to(DType::f32);
  return state;
}

}  // namespace

void save_pretrained(const fs::path& folder, const Bert& model, const Tokenizer* tokenizer) {
  save(folder, single_precision(model), model.config, config_to_json(model.config, "BertModel"), tokenizer);
}

void save_pretrained(const fs::path& folder, const BertForPreTraining& model, const Tokenizer* tokenizer) {
  nn::StateDict state = single_precision(model);
  if (!model.bert.config.tie_word_embeddings) {
    // Hugging Face's decoder adds this one then, and not cls.predictions.bias.
    state.emplace("cls.predictions.decoder.bias", state.at("cls.predictions.bias"));
  }
  save(folder, state, model.bert.config, config_to_json(model.bert.config, "BertForPreTraining"), tokenizer);
}

void save_pretrained(const fs::path& folder, const nn::Module& model, const Config& config,
                     const std::string& config_json, const Tokenizer* tokenizer) {
  save(folder, single_precision(model), config, config_json, tokenizer);
}

}  // namespace gradus::bert

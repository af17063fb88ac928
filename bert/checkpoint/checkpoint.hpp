/// @file
/// Checkpoint folders: a model, its config and its tokenizer as Hugging Face keeps them.
///
///     bert::save_pretrained("out", model, &tokenizer);        // transformers opens this folder
///     auto loaded = bert::load_for_pretraining("out");
///     for (const std::string& warning : loaded.warnings) fmt::print(stderr, "{}\n", warning);
///     loaded.model.eval();
///
/// A folder holds config.json, model.safetensors, vocab.txt, tokenizer_config.json and tokenizer.json. For
/// the tokenizer alone see bert/tokenizer/tokenizer_files.hpp.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// The weights of a folder, under one set of names whoever wrote them: every name of the base begins with
/// "bert."; LayerNorm's gamma and beta are weight and bias; what is computed (position_ids) or an alias (a
/// decoder equal to the word embeddings) is left out; a table that was padded is cut to the config's
/// vocabulary.
struct Checkpoint {
  Config config;  ///< tie_word_embeddings is off if the file has a decoder of its own
  nn::StateDict weights;
  std::vector<std::string> warnings;  ///< one sentence each
  std::filesystem::path file;         ///< model.safetensors, or the index of its shards
};

/// Reads config.json and model.safetensors, or the shards that model.safetensors.index.json names.
///
/// All dtypes of floating point are read. The tables and layers are compared with the config before a model
/// is made of it.
/// @throws IoError for a file that is missing or cannot be read; FormatError that names the file for one that
///         is cut short or damaged, for weights that do not fit the config or are not those of a BERT, and
///         for a folder that has only a pickle (pytorch_model.bin): it says how to convert it.
Checkpoint read_checkpoint(const std::filesystem::path& folder);

/// Makes room for `pieces` pieces, where the folder has fewer: the word embeddings and a decoder of its own
/// get rows drawn from a normal distribution of the config's initializer_range, the MLM bias zeros. The
/// weights of the pieces that were there stay as they are.
void extend_vocabulary(Checkpoint& checkpoint, int64_t pieces, Rng& rng);

/// Copies the weights into `model` (a Bert or a model with heads). Names what stayed fresh (heads and pooler
/// may be missing) and what was not used in checkpoint.warnings.
/// @throws FormatError that names every missing weight of the encoder and every misshaped one.
void load_weights(Checkpoint& checkpoint, const nn::Module& model);

/// Whether the checkpoint has a tensor for every parameter of the model, so that none of them stays fresh.
bool has_all_weights(const Checkpoint& checkpoint, const nn::Module& model);

/// The model that `make` makes, for load_weights: without drawing weights where all of them will be replaced.
/// Otherwise `make` is called again, and draws.
template <class Make>
auto model_to_load(const Checkpoint& checkpoint, const Make& make) {
  {
    const nn::WithoutDraws all_come_from_the_file;
    auto model = make();
    if (has_all_weights(checkpoint, model)) return model;
  }
  return make();
}

/// A model, and what was noticed while it was loaded.
template <class Model>
struct Loaded {
  Model model;
  std::vector<std::string> warnings;
};

/// The bare model; without a pooler if the folder has none. Models are returned in training mode.
/// @throws as read_checkpoint and load_weights.
Loaded<Bert> load_bert(const std::filesystem::path& folder);
/// The same of a checkpoint that was read.
Loaded<Bert> bare_bert(Checkpoint checkpoint);

/// The model with both pretraining heads. A head that is missing is drawn from `seed`, with a warning.
/// @throws as read_checkpoint and load_weights.
Loaded<BertForPreTraining> load_for_pretraining(const std::filesystem::path& folder, uint64_t seed = 0);

/// Writes the folder, making it if it is not there; with a null `tokenizer` the model alone. Weights are
/// written in f32. All files are written beside their places first and then moved there, so that a full disk
/// or an interruption leaves the old folder as it was; a new folder appears whole.
/// @throws IoError when the folder cannot be made or written; FormatError when the tokenizer has more pieces
///         than the model.
void save_pretrained(const std::filesystem::path& folder, const Bert& model,
                     const Tokenizer* tokenizer = nullptr);
void save_pretrained(const std::filesystem::path& folder, const BertForPreTraining& model,
                     const Tokenizer* tokenizer = nullptr);
/// The same for a model with another head: a network of `config`, and the text of its config.json.
void save_pretrained(const std::filesystem::path& folder, const nn::Module& model, const Config& config,
                     const std::string& config_json, const Tokenizer* tokenizer = nullptr);

}  // namespace gradus::bert

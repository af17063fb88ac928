/// @file
/// A model's folder as the commands open it, and the options by which one is told which tokenizer to use.
#pragma once

#include <filesystem>
#include <string>

#include "bert/model/heads.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

/// How a tokenizer whose files do not say it treats text.
struct TokenizerRules {
  bool cased = false;   ///< keeps capitals and accents
  bool google = false;  ///< Google's rules, where Hugging Face's differ

  bert::BertNormalizer normalizer() const;
  bert::Tokenizer tokenizer(bert::Vocab vocab) const;
};

/// Either a model's folder or a bare vocab.txt, which does not say whether capitals matter.
struct TokenizerChoice {
  std::filesystem::path model, vocab;
  TokenizerRules rules;

  /// Adds --model, --vocab, --cased and --google.
  void add_to(CLI::App& command);
  /// @throws WrongCall when neither is given, or --cased or --google with a folder; IoError and FormatError
  /// as the files.
  bert::Tokenizer load() const;
};

/// The model in `folder`, with a line on standard error for each thing that should be known of its loading.
/// @throws as bert::load_for_pretraining.
bert::BertForPreTraining load_model(const std::string& command, const std::filesystem::path& folder);

struct OpenedModel {
  bert::Tokenizer tokenizer;
  bert::BertForPreTraining model;
};

/// The tokenizer and the model in `folder`, which must fit each other: load_model and check_vocabulary.
/// @throws as bert::load_tokenizer, too.
OpenedModel open_model(const std::string& command, const std::filesystem::path& folder);

struct OpenedBert {
  bert::Tokenizer tokenizer;
  bert::Bert model;
};

/// The same without heads, and without a pooler where the folder has none. @throws as bert::load_bert.
OpenedBert open_bert(const std::string& command, const std::filesystem::path& folder);

/// Compares the vocabulary of a model's folder with what its config says: a line on standard error when there
/// are fewer pieces.
/// @throws FormatError when there are more.
void check_vocabulary(const std::string& command, const bert::Tokenizer& tokenizer,
                      const bert::Config& config);

}  // namespace gradus::app

/// @file
/// The options by which a command is told which tokenizer to use.
#pragma once

#include <filesystem>

#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

/// Either a model's folder or a bare vocab.txt, which does not say whether capitals matter.
struct TokenizerChoice {
  std::filesystem::path model, vocab;
  bool cased = false;

  /// Adds --model, --vocab and --cased.
  void add_to(CLI::App& command);
  /// @throws WrongCall when neither is given, or --cased with a folder; IoError and FormatError as the files.
  bert::Tokenizer load() const;
};

/// Compares the vocabulary of a model's folder with what its config says: a line on standard error when there
/// are fewer pieces.
/// @throws FormatError when there are more.
void check_vocabulary(const std::string& command, const bert::Tokenizer& tokenizer,
                      const bert::Config& config);

}  // namespace gradus::app

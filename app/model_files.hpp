/// @file
/// The options by which a command is told which tokenizer to use.
#pragma once

#include <filesystem>

#include "app/command.hpp"
#include "bert/wordpiece.hpp"

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

}  // namespace gradus::app

/// @file
/// How much of a text a vocabulary knows.
#pragma once

#include <cstdint>

#include "bert/tokenizer/tokenizer.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"

namespace gradus::bert {

/// The counted words of a text as pieces.
struct Coverage {
  int64_t tokens = 0;   ///< The pieces of all words, each as often as its word.
  int64_t unknown = 0;  ///< Those that are [UNK].

  /// The share of [UNK] in the text; 0 without tokens.
  double unknown_share() const {
    return tokens == 0 ? 0 : static_cast<double>(unknown) / static_cast<double>(tokens);
  }
};

/// Cuts each of `words` once. They were counted with the normaliser of `tokenizer`.
Coverage coverage_of(const WordCounter& words, const Tokenizer& tokenizer);

}  // namespace gradus::bert

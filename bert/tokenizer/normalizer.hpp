/// @file
/// BERT's normaliser and its split into words: everything that happens to text before WordPiece.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// Text after normalisation, with the way back: `chars[i]` came from character `source[i]` of the original.
struct NormalizedText {
  std::u32string chars;
  std::vector<uint32_t> source;
};

/// A word: the characters `[begin, end)` of a NormalizedText.
struct WordSpan {
  uint32_t begin = 0;
  uint32_t end = 0;
  bool operator==(const WordSpan&) const = default;
};

/// BERT's normaliser (Devlin et al. 2018, the "basic tokenizer" of its code), as four stages in this order.
/// The stages and their defaults are those of Hugging Face's `BertNormalizer`.
///
/// Google's own code differs from it in three things, which `google` asks for: characters of private use are
/// kept; U+2B820 to U+2B91F are ideographs, too; and lower case is taken of words, not of characters, before
/// accents are stripped, so that a Σ which ends a word becomes ς. (A fourth is not of the normaliser: words
/// may have 200 characters, Tokenizer::google_max_word_chars.)
struct BertNormalizer {
  bool clean_text = true;                  ///< Drops what is_dropped says; white space becomes a plain space.
  bool handle_chinese_chars = true;        ///< Puts a space on each side of an ideograph.
  std::optional<bool> strip_accents = {};  ///< NFD, then drops the category Mn. Not set: as `lowercase`.
  bool lowercase = true;                   ///< Lower case, character by character.
  bool google = false;                     ///< As Google's code where it differs.

  bool strips_accents() const { return strip_accents.value_or(lowercase); }

  /// Normalises UTF-8 `text` into `out`, whose room is used again.
  /// @throws FormatError when `text` is not UTF-8.
  void normalize(std::string_view text, NormalizedText& out) const;
  NormalizedText normalize(std::string_view text) const;

  bool operator==(const BertNormalizer&) const = default;
};

/// The words of `text`: split at white space, and each punctuation character a word of its own.
/// Appends to `words`.
void split_words(std::u32string_view text, std::vector<WordSpan>& words);

}  // namespace gradus::bert

/// @file
/// Chapter 19's letters: long texts in which one word or a few tell what is asked, and the rest says nothing.
#pragma once

#include <array>
#include <span>
#include <string>
#include <vector>

#include "autograd/random.hpp"
#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::tutorials::long_texts {

/// Ids of pieces; here every word is one piece.
using Ids = std::vector<bert::TokenId>;

/// All pieces; a piece's id is its place here. The first five are the signs.
inline const std::vector<std::string> pieces = {
    "[PAD]",  "[UNK]",  "[CLS]", "[SEP]", "[MASK]",  "the",     "day",   "was",    "long",
    "and",    "we",     "went",  "on",    "again",   "while",   "it",    "rained", "boats",
    "nets",   "waves",  "piers", "trees", "moss",    "deer",    "owls",  "paris",  "austin",
    "sydney", "jordan", "she",   "he",    "streets", "bridges", "quote", "unquote"};
inline constexpr bert::TokenId pad_id = 0, cls_id = 2, sep_id = 3;

/// Words [first, first + count) of the vocabulary.
struct Group {
  bert::TokenId first, count;
  bert::TokenId any(Rng& rng) const { return first + static_cast<bert::TokenId>(rng.between(0, count - 1)); }
  bool has(bert::TokenId id) const { return id >= first && id < first + count; }
};
inline constexpr Group idle{5, 12};                                    ///< they tell nothing
inline constexpr std::array<Group, 2> telling = {{{17, 4}, {21, 4}}};  ///< of the sea, of the woods
inline constexpr Group names{25, 4};                                   ///< of a person or of a place
inline constexpr std::array<Group, 2> clues = {{{29, 2}, {31, 2}}};    ///< for a person, for a place

inline constexpr bert::TokenId quote_id = 33, unquote_id = 34;  ///< where what somebody said begins and ends

/// The vocabulary as a tokenizer.
inline bert::Tokenizer tokenizer() { return bert::Tokenizer(bert::Vocab(pieces)); }

inline std::string text_of(std::span<const bert::TokenId> ids) {
  std::string text;
  for (const bert::TokenId id : ids) text += (text.empty() ? "" : " ") + pieces[static_cast<size_t>(id)];
  return text;
}

/// A letter that tells nothing.
inline Ids idle_letter(int64_t length, Rng& rng) {
  Ids letter;
  for (int64_t i = 0; i < length; ++i) letter.push_back(idle.any(rng));
  return letter;
}

/// A text and what is asked about it: the number of a label, and where the word is that it is asked of.
struct Letter {
  Ids text;
  int64_t label = 0, place = 0;
};

/// "What is it about?" `letter` with a word of the sea (label 0) or of the woods (label 1) at `place`.
inline Letter about(Ids letter, int64_t place, int64_t label, Rng& rng) {
  letter[static_cast<size_t>(place)] = telling[static_cast<size_t>(label)].any(rng);
  return {std::move(letter), label, place};
}

/// "A person or a place?" `letter` with a name at `place`, and a word at `clue_at` that tells it: "she" or
/// "streets".
inline Letter named(Ids letter, int64_t place, int64_t clue_at, int64_t label, Rng& rng) {
  letter[static_cast<size_t>(place)] = names.any(rng);
  letter[static_cast<size_t>(clue_at)] = clues[static_cast<size_t>(label)].any(rng);
  return {std::move(letter), label, place};
}

}  // namespace gradus::tutorials::long_texts

/// @file
/// Passages of a text with one word masked, to see what a model makes of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// A stretch of a text as it is written, with [MASK] in the place of one word.
struct MaskedPassage {
  std::string text;
  TokenId answer = 0;  ///< the piece of the word that stood there
};

/// The beginning of the document of `sentences`: as many as have at most `pieces` pieces together, [CLS] and
/// [SEP] counted, and of a longer first sentence the words that have. Masked is its last word that is one
/// piece of the vocabulary and made of letters, at least two or one ideograph; what stands around it stays.
/// Nothing where there is no such word, where too little would stand around it, or where the text itself has
/// a special token.
std::optional<MaskedPassage> masked_passage(const std::vector<std::string>& sentences,
                                            const Tokenizer& tokenizer, int64_t pieces);

/// masked_passage() of the first documents of a text file that have one, at most `count`. The file is read as
/// read_corpus reads it. @throws as for_each_line.
std::vector<MaskedPassage> masked_passages(const std::filesystem::path& file, const Tokenizer& tokenizer,
                                           int64_t count, int64_t pieces);

}  // namespace gradus::bert

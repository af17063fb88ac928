/// @file
/// Stretches of a text by their characters, as the tokenizer's offsets name them: cut out, or replaced.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bert/tokenizer/tokenizer.hpp"

namespace gradus::bert {

/// The characters `span` of `text`. @throws FormatError when `text` is not UTF-8; IndexError when the span
/// does not lie within it.
std::string characters(std::string_view text, CharSpan span);

/// A stretch of a text and what comes in its place.
struct Replacement {
  CharSpan span;
  std::string by;
};

/// `text` with every stretch replaced, and the rest of it as it is. The stretches are in order and do not
/// overlap. @throws FormatError and IndexError as characters().
std::string replaced(std::string_view text, const std::vector<Replacement>& replacements);

/// The sentences as one text: a space between two of them, but none beside an ideograph, kana, or their
/// punctuation, for Chinese and Japanese are written without.
std::string joined_sentences(const std::vector<std::string>& sentences);

/// Whether no space is written beside `c`: ideographs, kana, and the punctuation that goes with them.
bool is_written_without_spaces(char32_t c);

}  // namespace gradus::bert

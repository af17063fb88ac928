/// @file
/// Chapter 11, the first half: from text to words, stage by stage, as BERT has it. What a character is (a
/// mark, an ideograph, punctuation) is Unicode's to say, and bert/text/unicode.hpp asks it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bert/text/unicode.hpp"

namespace gradus::tutorials::wordpiece {

/// A text as its characters (code points), one number each; UTF-8 has one to four bytes for a character.
using Text = std::u32string;

inline Text characters_of(std::string_view utf8) { return bert::decode_utf8(utf8); }
inline std::string utf8_of(const Text& text) { return bert::encode_utf8(text); }

/// Which stages are at work: all of them in BERT's uncased models. The museum switches some off.
struct Stages {
  bool set_apart = true;   ///< a space on each side of an ideograph
  bool decompose = true;   ///< before marks are dropped
  bool lower_case = true;  ///< and drop marks
};

/// Controls go, and all white space becomes a plain space.
inline Text cleaned(const Text& text) {
  Text out;
  for (const char32_t c : text) {
    if (!bert::is_dropped(c)) out += bert::is_white_space(c) ? U' ' : c;
  }
  return out;
}

/// A space on each side of every ideograph, so that each becomes a word.
inline Text set_apart(const Text& text) {
  Text out;
  for (const char32_t c : text) {
    if (bert::is_cjk_ideograph(c)) {
      out += {U' ', c, U' '};
    } else {
      out += c;
    }
  }
  return out;
}

/// Every character in its smallest parts (Unicode's normal form D, NFD): é becomes e and a mark. (NFD also
/// puts several marks in a row in order; ours are about to be dropped.)
inline Text decomposed(const Text& text) {
  Text out;
  for (const char32_t c : text) bert::append_decomposition(out, c);
  return out;
}

/// Without the marks that stand on or below another character.
inline Text without_marks(const Text& text) {
  Text out;
  for (const char32_t c : text) {
    if (!bert::is_nonspacing_mark(c)) out += c;
  }
  return out;
}

inline Text in_lower_case(const Text& text) {
  Text out;
  for (const char32_t c : text) bert::append_lower_case(out, c);
  return out;
}

inline Text normalised(const Text& text, const Stages& stages = {}) {
  Text out = cleaned(text);
  if (stages.set_apart) out = set_apart(out);
  if (!stages.lower_case) return out;
  if (stages.decompose) out = decomposed(out);
  return in_lower_case(without_marks(out));
}

/// Words stand between spaces, and each punctuation character is a word of its own.
inline std::vector<Text> split(const Text& text) {
  std::vector<Text> words;
  bool open = false;  // whether the last word may grow
  for (const char32_t c : text) {
    const bool alone = bert::is_punctuation(c);
    if (bert::is_white_space(c)) {
      open = false;
    } else if (open && !alone) {
      words.back() += c;
    } else {
      words.push_back({c});
      open = !alone;
    }
  }
  return words;
}

inline std::vector<Text> words_of(std::string_view utf8, const Stages& stages = {}) {
  return split(normalised(characters_of(utf8), stages));
}

}  // namespace gradus::tutorials::wordpiece

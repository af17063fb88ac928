/// @file
/// Chapter 19: long letters to ask about. Each stands there twice: once with each label, and otherwise the
/// same, so that whoever does not see what tells is right about one of the two.
#pragma once

#include "learning.hpp"

namespace gradus::tutorials::long_texts {

/// One telling word at each of the places [first, end), `times` letters each.
inline std::vector<Letter> long_about(int64_t first, int64_t end, int64_t times, Rng& rng) {
  std::vector<Letter> letters;
  for (int64_t place = first; place < end; ++place) {
    for (int64_t i = 0; i < times; ++i) {
      const Ids letter = idle_letter(long_length, rng);
      for (const int64_t label : {0, 1}) letters.push_back(about(letter, place, label, rng));
    }
  }
  return letters;
}

/// Six words of one kind and two of the other; the label is that of the six.
inline std::vector<Letter> long_mostly(int64_t count, Rng& rng) {
  std::vector<Letter> letters;
  for (int64_t i = 0; i < count; ++i) {
    std::vector<int64_t> places;
    for (int64_t place = 0; place < long_length; ++place) places.push_back(place);
    rng.shuffle(places);
    const Ids letter = idle_letter(long_length, rng);
    for (const int64_t label : {0, 1}) {
      Letter one{letter, label, 0};
      for (size_t k = 0; k < 8; ++k)
        one.text = about(std::move(one.text), places[k], k < 6 ? label : 1 - label, rng).text;
      letters.push_back(std::move(one));
    }
  }
  return letters;
}

/// One word of the sea (label 1), or none.
inline std::vector<Letter> long_any(int64_t count, int64_t length, Rng& rng) {
  std::vector<Letter> letters;
  for (int64_t i = 0; i < count; ++i) {
    const Ids letter = idle_letter(length, rng);
    const int64_t place = any_place(letter, rng);
    letters.push_back({letter, 0, place});
    letters.push_back({about(letter, place, 0, rng).text, 1, place});
  }
  return letters;
}

/// A name at every place, and the word that tells whose `reach` before it or after it.
inline std::vector<Letter> long_named(int64_t times, Rng& rng) {
  std::vector<Letter> letters;
  for (int64_t place = 0; place < long_length; ++place) {
    for (const int64_t clue : {place - reach, place + reach}) {
      if (clue < 0 || clue >= long_length) continue;
      for (int64_t i = 0; i < times; ++i) {
        const Ids letter = idle_letter(long_length, rng);
        const auto seed = rng.below(uint64_t{1} << 40);
        for (const int64_t label : {0, 1}) {
          Rng same(seed);  // the same name for both
          letters.push_back(named(letter, place, clue, label, same));
        }
      }
    }
  }
  return letters;
}

}  // namespace gradus::tutorials::long_texts

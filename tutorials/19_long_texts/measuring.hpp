/// @file
/// Chapter 19: how many long letters are read rightly, by what is kept of them, and by where the word stands
/// that tells.
#pragma once

#include <optional>

#include "learning.hpp"

namespace gradus::tutorials::long_texts {

/// The share of letters whose likeliest label, of logits [N, C], is the right one.
inline double share_right(const Tensor& logits, const std::vector<Letter>& letters) {
  const std::vector<int64_t> said = argmax(logits, 1).to_vector<int64_t>();
  int64_t right = 0;
  for (size_t i = 0; i < said.size(); ++i) right += said[i] == letters[i].label;
  return static_cast<double>(right) / static_cast<double>(said.size());
}

/// The logits of each row, [R, C] in f64, a few hundred rows at a time.
template <class Model>
Tensor read_rows(const Model& model, const std::vector<bert::TextRow>& rows,
                 const std::vector<int64_t>& places) {
  const NoGrad no_tape;
  std::vector<Tensor> parts;
  for (size_t from = 0; from < rows.size(); from += 256) {
    const size_t end = std::min(from + 256, rows.size());
    const auto some = [&](const auto& all) {
      using List = std::decay_t<decltype(all)>;
      return all.empty() ? List{}
                         : List(all.begin() + static_cast<std::ptrdiff_t>(from),
                                all.begin() + static_cast<std::ptrdiff_t>(end));
    };
    parts.push_back(logits_of(model, some(rows), some(places)).to(DType::f64));
  }
  return concat(parts, 0);
}

/// The logits of long letters, [N, C]: of a cut one those of its one row, else of its windows together.
inline Tensor read_letters(const Classifier& model, const std::vector<Letter>& letters, bert::Fit fit,
                           Together how = Together::mean, int64_t stride = room / 2) {
  std::vector<bert::TextRow> rows;
  std::vector<int64_t> counts;
  for (const Letter& letter : letters) {
    const std::vector<bert::TextRow> own = rows_of(letter.text, fit, slots, stride);
    rows.insert(rows.end(), own.begin(), own.end());
    counts.push_back(std::ssize(own));
  }
  return together(read_rows(model, rows, {}), counts, how);
}

// ---- Long letters to ask about. Each stands there twice: once with each label, and the same otherwise. ----

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

/// What is said of names: by the window that speaks for them, or (without a rule) by the mean of the logits
/// of all windows that have them.
struct NamesRead {
  double right = 0;  ///< the share of names
  double told = 0;   ///< the share for which a window that was asked has the word that tells
};
inline NamesRead read_names(const Tagger& model, const std::vector<Letter>& letters, int64_t stride,
                            std::optional<Speaks> rule) {
  std::vector<bert::TextRow> rows;
  std::vector<int64_t> places, counts;
  int64_t told = 0;
  for (const Letter& letter : letters) {
    const std::vector<Stretch> windows = windows_over(std::ssize(letter.text), room, stride);
    int64_t asked = 0;
    bool is_told = false;
    for (size_t w = 0; w < windows.size(); ++w) {
      const int64_t place = letter.place;
      if (rule ? speaker(windows, place, place, *rule) != w : context_of(windows[w], place, place) < 0)
        continue;
      const Ids own = pieces_of(letter.text, windows[w]);
      is_told = is_told || std::ranges::any_of(
                               own, [](bert::TokenId id) { return clues[0].has(id) || clues[1].has(id); });
      rows.push_back(row_of(own));
      places.push_back(place - windows[w].begin);
      ++asked;
    }
    counts.push_back(asked);
    told += is_told;
  }
  const Tensor logits = together(read_rows(model, rows, places), counts, Together::mean);
  return {share_right(logits, letters), static_cast<double>(told) / static_cast<double>(letters.size())};
}

}  // namespace gradus::tutorials::long_texts

/// @file
/// Chapter 19: how many long letters are read rightly, by what is kept of them, and by where the word stands
/// that tells.
#pragma once

#include <optional>

#include "learning.hpp"
#include "long_letters.hpp"

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

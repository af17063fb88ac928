/// @file
/// Chapter 19: a long text in the room that a row has: its head, its tail, both, or windows over all of it.
#pragma once

#include <algorithm>
#include <vector>

#include "bert/tasks/text_rows.hpp"
#include "letters.hpp"

namespace gradus::tutorials::long_texts {

/// The pieces [begin, end) of a text.
struct Stretch {
  int64_t begin = 0, end = 0;
  int64_t length() const { return end - begin; }
  bool operator==(const Stretch&) const = default;
};

inline Ids pieces_of(const Ids& text, const Stretch& stretch) {
  return {text.begin() + stretch.begin, text.begin() + stretch.end};
}

/// What a cut keeps of `length` pieces in `room`: stretches, first to last.
inline std::vector<Stretch> keep_head(int64_t length, int64_t room) { return {{0, std::min(length, room)}}; }
inline std::vector<Stretch> keep_tail(int64_t length, int64_t room) {
  return {{std::max<int64_t>(0, length - room), length}};
}
inline std::vector<Stretch> keep_both(int64_t length, int64_t room) {
  if (length <= room) return {{0, length}};
  const int64_t of_head = room / 4, of_tail = room - of_head;
  return {{0, of_head}, {length - of_tail, length}};
}

/// Windows of `room` pieces, each `stride` further on than the one before it, over `length` pieces. The last
/// one is moved back until it is full.
inline std::vector<Stretch> windows_over(int64_t length, int64_t room, int64_t stride) {
  std::vector<Stretch> windows;
  for (int64_t begin = 0; begin + room < length; begin += stride) windows.push_back({begin, begin + room});
  windows.push_back({std::max<int64_t>(0, length - room), length});
  return windows;
}

/// [CLS] pieces [SEP], as a row of the library's.
inline bert::TextRow row_of(const Ids& kept) {
  bert::TextRow row{{cls_id}, 0};
  row.ids.insert(row.ids.end(), kept.begin(), kept.end());
  row.ids.push_back(sep_id);
  row.first_length = static_cast<int64_t>(row.ids.size());
  return row;
}

/// The rows of a text: of a cut one, of windows one each. `slots` counts [CLS] and [SEP], too.
inline std::vector<bert::TextRow> rows_of(const Ids& text, bert::Fit fit, int64_t slots, int64_t stride) {
  const auto length = static_cast<int64_t>(text.size());
  const int64_t room = slots - 2;
  std::vector<bert::TextRow> rows;
  if (fit == bert::Fit::windows) {
    for (const Stretch& window : windows_over(length, room, stride))
      rows.push_back(row_of(pieces_of(text, window)));
    return rows;
  }
  Ids kept;
  for (const Stretch& stretch : fit == bert::Fit::head   ? keep_head(length, room)
                                : fit == bert::Fit::tail ? keep_tail(length, room)
                                                         : keep_both(length, room)) {
    const Ids some = pieces_of(text, stretch);
    kept.insert(kept.end(), some.begin(), some.end());
  }
  return {row_of(kept)};
}

/// Whether the library makes the same rows of a text.
inline bool library_has(const Ids& text, bert::Fit fit, int64_t slots, int64_t stride,
                        const bert::Tokenizer& words) {
  const bert::FittedText theirs = bert::fit_text(
      words, text_of(text), "", false, {.max_length = slots, .fit = fit, .overlap = slots - 2 - stride});
  const std::vector<bert::TextRow> ours = rows_of(text, fit, slots, stride);
  return std::ranges::equal(ours, theirs.rows, {}, &bert::TextRow::ids, &bert::TextRow::ids);
}

/// The pieces of `length` that are in none of the stretches.
inline int64_t unseen(int64_t length, const std::vector<Stretch>& stretches) {
  int64_t missing = 0;
  for (int64_t piece = 0; piece < length; ++piece) {
    missing +=
        std::ranges::none_of(stretches, [&](const Stretch& s) { return s.begin <= piece && piece < s.end; });
  }
  return missing;
}

}  // namespace gradus::tutorials::long_texts

/// @file
/// Chapter 19's bugs: a tail that no window has, and pieces that count twice. (A stride that is read as an
/// overlap and a silent cut need no code; an answer's place in its window is in storm.hpp.)
#pragma once

#include "cutting.hpp"

namespace gradus::tutorials::long_texts {

/// Bug of the museum: only windows that are full without moving, so the tail is in none.
inline std::vector<Stretch> windows_without_the_tail(int64_t length, int64_t row_room, int64_t stride) {
  std::vector<Stretch> windows;
  for (int64_t begin = 0; begin + row_room <= length; begin += stride)
    windows.push_back({begin, begin + row_room});
  return windows;
}

/// A reader that is wrong about some pieces, whichever window has them. How many of its answers are right: of
/// all pieces, each once; and (bug of the museum) of all that windows say, or as the mean of their shares.
struct CountedTwice {
  int64_t of_pieces = 0, right_pieces = 0, of_windows = 0, right_in_windows = 0;
  double mean_of_means = 0;
};
inline CountedTwice counted(int64_t length, const std::vector<Stretch>& windows, const Stretch& wrong) {
  const auto is_right = [&](int64_t piece) { return piece < wrong.begin || piece >= wrong.end; };
  CountedTwice counts{.of_pieces = length};
  for (int64_t piece = 0; piece < length; ++piece) counts.right_pieces += is_right(piece);
  for (const Stretch& window : windows) {
    int64_t right = 0;
    for (int64_t piece = window.begin; piece < window.end; ++piece) right += is_right(piece);
    counts.of_windows += window.length();
    counts.right_in_windows += right;
    counts.mean_of_means += static_cast<double>(right) / static_cast<double>(window.length()) /
                            static_cast<double>(windows.size());
  }
  return counts;
}

}  // namespace gradus::tutorials::long_texts

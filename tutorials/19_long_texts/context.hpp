/// @file
/// Chapter 19: several windows have the same piece. Which of them says what about it?
#pragma once

#include <limits>

#include "cutting.hpp"

namespace gradus::tutorials::long_texts {

/// How many pieces a window has beside the pieces first ... last on its thinner side; below 0 where it has
/// not all of them.
inline int64_t context_of(const Stretch& window, int64_t first, int64_t last) {
  return std::min(first - window.begin, window.end - 1 - last);
}

/// Which of the windows that have a piece speaks for it.
enum class Speaks { first, last, most_context };

/// The number of the window that speaks for the pieces first ... last; the first of equal ones.
inline size_t speaker(const std::vector<Stretch>& windows, int64_t first, int64_t last,
                      Speaks rule = Speaks::most_context) {
  size_t chosen = 0;
  int64_t most = -1;
  for (size_t w = 0; w < windows.size(); ++w) {
    const int64_t context = context_of(windows[w], first, last);
    if (context < 0) continue;  // it is not in this window
    if (rule == Speaks::first && most >= 0) continue;
    if (rule == Speaks::most_context && context <= most) continue;
    chosen = w;
    most = context;
  }
  return chosen;
}

/// The least context that a piece has in the window that speaks for it, but for the first and last `apart`
/// pieces of the text.
inline int64_t least_context(int64_t length, const std::vector<Stretch>& windows, Speaks rule,
                             int64_t apart) {
  int64_t least = length;
  for (int64_t piece = apart; piece + apart < length; ++piece)
    least = std::min(least, context_of(windows[speaker(windows, piece, piece, rule)], piece, piece));
  return least;
}

// ---- Counting answers ----

/// What it takes for an answer to count: that a window has all of it, or that the window in which its first
/// piece has most context has all of it (so in Google's code).
enum class Counts { in_any_window, in_window_of_its_first };

/// The share of all stretches of `answer` pieces of a text that count.
inline double answer_recall(int64_t length, const std::vector<Stretch>& windows, int64_t answer,
                            Counts rule = Counts::in_any_window) {
  int64_t whole = 0, all = 0;
  for (int64_t first = 0; first + answer <= length; ++first, ++all) {
    const int64_t last = first + answer - 1;
    const size_t w =
        rule == Counts::in_any_window ? speaker(windows, first, last) : speaker(windows, first, first);
    whole += context_of(windows[w], first, last) >= 0;
  }
  return static_cast<double>(whole) / static_cast<double>(all);
}

/// How many pieces the network reads for each piece of the text.
inline double pieces_read(int64_t length, const std::vector<Stretch>& windows) {
  int64_t read = 0;
  for (const Stretch& window : windows) read += window.length();
  return static_cast<double>(read) / static_cast<double>(length);
}

}  // namespace gradus::tutorials::long_texts

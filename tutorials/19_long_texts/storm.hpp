/// @file
/// Chapter 19's question: what did the keeper light? A text in three windows, and what a network might say.
#pragma once

#include "together.hpp"

namespace gradus::tutorials::long_texts {

inline const std::vector<std::string> storm = {"when", "the", "storm", "came", "up",  "the", "keeper",
                                               "went", "out", "and",   "lit",  "the", "old", "lamp"};

/// Scores of the three windows of 8 pieces with a stride of 4. The first two see "the keeper" and no lamp.
inline std::vector<WindowScores> storm_scores(const std::vector<Stretch>& windows) {
  std::vector<WindowScores> scores;
  for (const Stretch& window : windows)
    scores.push_back({std::vector<std::array<double, 2>>(static_cast<size_t>(window.length())), 0});
  const auto say = [&](size_t w, int64_t first, int64_t last, double begins, double ends) {
    scores[w].of_pieces[static_cast<size_t>(first - windows[w].begin)][0] = begins;
    scores[w].of_pieces[static_cast<size_t>(last - windows[w].begin)][1] = ends;
  };
  scores[0].none = 4.0, say(0, 5, 6, 1.3, 1.2);
  scores[1].none = 2.5, say(1, 5, 6, 1.0, 1.1);
  scores[2].none = 0.5, say(2, 11, 13, 1.9, 1.6);
  return scores;
}

/// An answer in words of the text; by the bug of the museum its place in the window is taken for that.
inline std::string answer_text(const std::vector<std::string>& text, const std::vector<Stretch>& windows,
                               const Candidate& answer, bool in_window) {
  const int64_t moved = in_window ? windows[answer.w].begin : 0;
  std::string words;
  for (int64_t piece = answer.first - moved; piece <= answer.last - moved; ++piece)
    words += (words.empty() ? "" : " ") + text[static_cast<size_t>(piece)];
  return words;
}

}  // namespace gradus::tutorials::long_texts

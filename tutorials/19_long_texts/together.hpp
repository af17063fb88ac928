/// @file
/// Chapter 19: what windows say, put together: of a whole text, and of an answer that stands in it.
#pragma once

#include <array>

#include "autograd/ops.hpp"
#include "context.hpp"

namespace gradus::tutorials::long_texts {

/// How the logits of a text's windows become those of the text.
enum class Together {
  mean,  ///< of each label the mean
  max,   ///< of each label the largest
  proof  ///< label 0 means "nothing here": its least, and of the other labels the largest
};

/// The logits of one text, [C], from those of its windows, [W, C].
inline Tensor together(const Tensor& windows, Together how) {
  if (how == Together::mean) return mean(windows, Axes{0});
  const Tensor largest = max(windows, Axes{0});
  if (how == Together::max) return largest;
  const Tensor least = min(windows, Axes{0});
  return concat({least.slice(0, 0, 1), largest.slice(0, 1, largest.size(0))}, 0);
}

/// The same for several texts, whose windows stand one after the other: [R, C] -> [N, C]. `counts` says how
/// many windows each text has.
inline Tensor together(const Tensor& windows, const std::vector<int64_t>& counts, Together how) {
  std::vector<Tensor> texts;
  int64_t from = 0;
  for (const int64_t count : counts) {
    texts.push_back(together(windows.slice(0, from, from + count), how));
    from += count;
  }
  return stack(texts, 0);
}

// ---- Answers ----

/// What a network says of a window: of each of its pieces how well an answer begins there, and ends there;
/// and how well "no answer" fits, which is the score of [CLS].
struct WindowScores {
  std::vector<std::array<double, 2>> of_pieces;
  double none = 0;
};

/// The pieces first ... last of the text, and what the window `w` says of them.
struct Candidate {
  int64_t first = -1, last = -1;
  size_t w = 0;
  double score = -std::numeric_limits<double>::infinity();
};

/// Every span of at most `longest` pieces in every window, the best first. With `once` a span counts in the
/// window alone in which it has most context, else as often as windows have it.
inline std::vector<Candidate> candidates(const std::vector<Stretch>& windows,
                                         const std::vector<WindowScores>& scores, int64_t longest,
                                         bool once) {
  std::vector<Candidate> all;
  for (size_t w = 0; w < windows.size(); ++w) {
    const auto of = [&](int64_t piece) {
      return scores[w].of_pieces[static_cast<size_t>(piece - windows[w].begin)];
    };
    for (int64_t first = windows[w].begin; first < windows[w].end; ++first) {
      for (int64_t last = first; last < std::min(first + longest, windows[w].end); ++last) {
        if (once && speaker(windows, first, last) != w) continue;
        all.push_back({first, last, w, of(first)[0] + of(last)[1]});
      }
    }
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Candidate::score);
  return all;
}

/// The score of "no answer" for the whole text: that of the window that believes in it least.
inline double none_of_all(const std::vector<WindowScores>& scores) {
  return std::ranges::min(scores, {}, &WindowScores::none).none;
}

}  // namespace gradus::tutorials::long_texts

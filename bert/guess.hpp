/// @file
/// Fillings of a masked word, with their probabilities, and how a page shows them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gradus::bert {

/// One word that a model would put into a gap.
struct Guess {
  std::string word;
  double probability = 0;
};

/// An HTML list of `guesses`, in their order, each with a bar as long as its probability. The one that equals
/// `answer` is marked by colour, weight and a tick. An empty `answer` marks nothing.
std::string render_guesses(const std::vector<Guess>& guesses, std::string_view answer);

}  // namespace gradus::bert

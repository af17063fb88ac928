/// @file
/// Fillings of a masked word, with their probabilities.
#pragma once

#include <string>

namespace gradus::bert {

/// One word that a model would put into a gap.
struct Guess {
  std::string word;
  double probability = 0;
};

}  // namespace gradus::bert

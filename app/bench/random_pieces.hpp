/// @file
/// Rows to look at. What they cost does not depend on the words.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/random.hpp"

namespace gradus::app {

/// [rows, length] pieces of a vocabulary, none of them special.
inline std::vector<int64_t> random_pieces(int64_t rows, int64_t length, int64_t vocabulary, Rng& rng) {
  std::vector<int64_t> ids;
  for (int64_t i = 0; i < rows * length; ++i) ids.push_back(rng.between(5, vocabulary - 1));
  return ids;
}

}  // namespace gradus::app

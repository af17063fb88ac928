/// @file
/// Where the examples of a batch go: each into a row of its own, or several into one.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace gradus::bert {

struct Layout {
  int64_t rows = 0, length = 0;      ///< B and S
  std::vector<int64_t> starts = {};  ///< [E] the first slot of each example: b * S + s
  int64_t examples() const { return static_cast<int64_t>(starts.size()); }
};

/// How many slots example e takes.
using SlotsOf = std::function<int64_t(int64_t e)>;

/// Examples 0 ... count - 1, a row each, of `length` slots; 0: as long as the longest.
Layout one_a_row(int64_t length, int64_t count, const SlotsOf& slots_of);

/// At most `rows` rows of `length` slots, filled with examples 0, 1, ... in order, each in the first row that
/// has room for it, up to the first that fits nowhere. Rows that stay empty are left out.
Layout packed(int64_t length, int64_t rows, int64_t examples, const SlotsOf& slots_of);

}  // namespace gradus::bert

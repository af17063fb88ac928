/// @file
/// Range: a stretch of a flat array.
#pragma once

#include <cstdint>

namespace gradus::parallel {

struct Range {
  int64_t begin = 0, end = 0;  ///< elements [begin, end)
  int64_t size() const { return end - begin; }
  bool operator==(const Range&) const = default;
};

}  // namespace gradus::parallel

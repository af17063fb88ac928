#include "plot/label_place.hpp"

#include <algorithm>

namespace gradus::plot::detail {
namespace {

constexpr double gap = 2;    // between a guide and its label
constexpr double step = 8;   // between two places that are tried
constexpr double clear = 3;  // around a label: half a curve's width, and a dot's radius

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

}  // namespace

bool touches(const Segment& segment, const Box& box) {
  // The part of the segment, as shares from its start, that is within the box's columns and then its rows.
  double first = 0, last = 1;
  const auto clip = [&](double from, double to, double low, double high) {
    if (from == to) {
      if (from < low || from > high) last = -1;
      return;
    }
    const double a = (low - from) / (to - from), b = (high - from) / (to - from);
    first = std::max(first, std::min(a, b));
    last = std::min(last, std::max(a, b));
  };
  clip(segment.from.x, segment.to.x, box.left, box.right);
  clip(segment.from.y, segment.to.y, box.top, box.bottom);
  return first <= last;
}

std::optional<Box> free_place(const Box& room, double y, double width, double size,
                              const std::vector<Segment>& segments, const std::vector<Box>& taken) {
  const double height = size + 3;
  for (double right = room.right; right - width >= room.left; right -= step) {
    for (const double top : {y - gap - height, y + gap}) {
      const Box box{right - width, top, right, top + height};
      const bool inside = box.top >= room.top && box.bottom <= room.bottom;
      const Box around{box.left - clear, box.top - clear, box.right + clear, box.bottom + clear};
      const auto crosses = [&](const Segment& segment) { return touches(segment, around); };
      const auto covers = [&](const Box& other) { return overlap(other, box); };
      if (inside && std::none_of(segments.begin(), segments.end(), crosses) &&
          std::none_of(taken.begin(), taken.end(), covers)) {
        return box;
      }
    }
  }
  return std::nullopt;
}

}  // namespace gradus::plot::detail

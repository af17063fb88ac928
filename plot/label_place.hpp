/// @file
/// Where a label can stand in a chart without lying over a curve.
#pragma once

#include <optional>
#include <vector>

namespace gradus::plot::detail {

struct Point {
  double x = 0, y = 0;
};

/// A straight piece of a curve; of length 0 for a point alone.
struct Segment {
  Point from, to;
};

/// In pixels, y downwards.
struct Box {
  double left = 0, top = 0, right = 0, bottom = 0;
};

/// Whether any point of the segment lies in the box.
bool touches(const Segment& segment, const Box& box);

/// A box within `room` for a label of `width` by `size` pixels that stands right above or right below the
/// horizontal line at `y`, comes near no segment and overlaps none of `taken`: the one farthest right, above
/// first. std::nullopt where there is none.
std::optional<Box> free_place(const Box& room, double y, double width, double size,
                              const std::vector<Segment>& segments, const std::vector<Box>& taken);

}  // namespace gradus::plot::detail

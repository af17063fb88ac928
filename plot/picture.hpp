/// @file
/// A drawing: what all kinds of pictures become before they are put on a page, into a file, or side by side.
#pragma once

#include <string>
#include <vector>

namespace gradus::plot {

/// SVG elements within `width` x `height` CSS pixels. Their colours are those of plot::palette.
struct Picture {
  int width = 0, height = 0;
  std::string label;  ///< says in words what is seen, for readers who cannot see it
  std::string body;
};

/// The picture as an `<svg>` element of a page that has palette() and svg_style().
std::string to_svg(const Picture& picture);

/// The picture as a complete .svg file, right in light and dark.
std::string to_svg_file(const Picture& picture);

/// Pictures in one, from left to right, aligned at the top; `gap` in pixels.
Picture beside(const std::vector<Picture>& pictures, int gap = 28);

/// Pictures in one, from top to bottom, aligned at the left.
Picture below(const std::vector<Picture>& pictures, int gap = 24);

}  // namespace gradus::plot

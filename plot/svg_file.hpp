/// @file
/// What a drawing needs to be a file of its own.
#pragma once

#include <string>
#include <string_view>

namespace gradus::plot {

/// The colours, as CSS variables of `selector` for the light and the dark scheme: --paper, --panel, --ink,
/// --soft, --line, --good, --heat and --series-1 to --series-4.
std::string palette(std::string_view selector);

/// The styles of charts and attention maps, for a page or a file; the colours are palette's.
std::string_view svg_style();

/// A complete .svg file of `width` x `height` CSS pixels around `body`, with its colours for both schemes,
/// the paper as its ground and a margin of 12 pixels. `label` says in words what it shows.
std::string svg_file(int width, int height, std::string_view label, std::string_view body);

}  // namespace gradus::plot

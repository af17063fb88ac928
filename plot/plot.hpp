/// @file
/// All of gradus::plot in one include: line charts, heat maps, bars and graphs as SVG, right in light and
/// dark.
///
///     plot::HeatMap map;
///     map.title = "Who looks at whom";
///     map.rows = map.columns = {"All", "is", "well"};
///     map.values = weights.to_vector<double>();                      // [3, 3], row by row
///     write_file_atomically("weights.svg", plot::to_svg_file(plot::draw(map)));
#pragma once

#include "plot/bars.hpp"
#include "plot/chart.hpp"
#include "plot/graph.hpp"
#include "plot/heat_map.hpp"
#include "plot/picture.hpp"
#include "plot/svg_file.hpp"
#include "plot/text.hpp"

/// @file
/// A table of numbers as colours.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "plot/picture.hpp"

namespace gradus::plot {

struct HeatMap {
  std::string title;
  std::string row_title, column_title;     ///< what the rows and the columns are; may be empty
  std::vector<std::string> rows, columns;  ///< a label each; an empty text is no label
  std::vector<double> values;              ///< row by row; NaN is an empty cell
  /// Two colours, with nothing at 0: blue above, orange below. Otherwise one, from pale to strong.
  bool diverging = false;
  bool numbers = true;  ///< the value in each cell; without them a scale stands below
  int decimals = 2;     ///< of the numbers in the cells
  int cell = 0;         ///< the height of a cell in pixels; 0: 34 with numbers, else 18
  /// The values of the palest and the strongest colour. NaN: 0 or the least value, and the greatest; when
  /// diverging, -high to high with the greatest |value|.
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
};

/// @throws ShapeError when there is no cell, or when `values` is not as long as rows times columns.
Picture draw(const HeatMap& map);

}  // namespace gradus::plot

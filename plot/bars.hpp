/// @file
/// Bars: one number for each group, or a few numbers side by side.
#pragma once

#include <string>
#include <vector>

#include "plot/picture.hpp"

namespace gradus::plot {

struct BarSeries {
  std::string name;            ///< for the legend; one without is not in it
  std::vector<double> values;  ///< one a group; NaN leaves a gap
  int color = 1;               ///< 1 to 4
};

struct Bars {
  std::string title;
  std::string x_label;
  std::vector<std::string> groups;  ///< a label each
  std::vector<BarSeries> series;
  bool percent = false;  ///< values are fractions, shown as percentages
  bool numbers = true;   ///< the value at the end of each bar
  int width = 440;       ///< in CSS pixels, at least 200
  int height = 260;      ///< at least 160
};

/// Bars stand on 0; values below it hang from it.
/// @throws ShapeError when there is no group, a series is not as long as the groups, a colour is not 1 to 4,
/// or the size is below the least.
Picture draw(const Bars& bars);

}  // namespace gradus::plot

/// @file
/// Line charts as SVG. They are drawn here rather than by gnuplot because, inside a page, a chart has to take
/// its colours from the page's light or dark scheme and its labels have to stay text.
#pragma once

#include <string>
#include <vector>

#include "plot/picture.hpp"

namespace gradus::plot {

/// One line of a chart: the points (x[i], y[i]), x not falling. A NaN or infinite point, or one that is not
/// above zero on a logarithmic axis, leaves a gap. Only the points of the shorter vector's length count.
struct ChartSeries {
  std::string name;  ///< for the legend; a series without one is not in it
  std::vector<double> x, y;
  int color = 1;         ///< 1 to 4, the page's --series-N
  bool markers = false;  ///< a dot at each point, with its values as a tooltip
  bool faint = false;    ///< thin and pale: raw values behind a smoothed line
  bool dashed = false;   ///< tells two lines of one colour apart
};

/// A horizontal dashed line, such as a baseline. One that is not finite is left out.
struct ChartGuide {
  std::string label;
  double y = 0;
};

struct Chart {
  std::string title;
  std::string x_label;
  std::vector<ChartSeries> series;
  std::vector<ChartGuide> guides;
  bool log_x = false;
  bool log_y = false;
  bool whole_x = false;  ///< x counts something: no tick between whole numbers
  bool percent = false;  ///< y is a fraction, its labels are percentages
  bool cursor = false;   ///< has a hidden upright line that a page's script moves: see below
  int width = 440;       ///< in CSS pixels, at least 200; the drawing scales to its place
  int height = 290;      ///< at least 160
};

/// A series of many points is thinned to what the width can show, keeping every peak. A chart without any
/// point says so. The line of `cursor` has the class cursor; its data-zero is the pixel of x = 0, its
/// data-unit the pixels from one x to the next, where x is not logarithmic and there is a point. @throws
/// ShapeError when the size is below the least, or a colour is not 1 to 4.
Picture draw(const Chart& chart);

/// The smoothed course of `y`: exponential moving averages of about `span` points that skip what is not
/// finite, y'_i = Σ_j d^(i-j) y_j / Σ_j d^(i-j) with d = 1 - 2 / (span + 1). As long as `y`.
std::vector<double> smoothed(const std::vector<double>& y, double span);

/// Round numbers from `low` to `high`, both finite and low < high, about `wanted` of them: multiples of 1, 2
/// or 5 times a power of ten.
std::vector<double> round_ticks(double low, double high, int wanted);

/// The same for a logarithmic axis, 0 < low < high: powers of ten, with 2 and 5 times them when these are
/// few.
std::vector<double> log_ticks(double low, double high);

}  // namespace gradus::plot

/// @file
/// One axis of a chart: from values to pixels.
#pragma once

#include <string>
#include <vector>

namespace gradus::plot::detail {

class ChartAxis {
 public:
  /// `percent`: labels of fractions as percentages; `whole`: ticks only at whole numbers.
  ChartAxis(bool log, bool percent, bool whole) : log_(log), percent_(percent), whole_(whole) {}

  bool holds(double value) const;  ///< finite and, on a logarithmic axis, above zero
  void include(double value);      ///< widens the range; what the axis does not hold is passed over
  bool empty() const { return !(low_ <= high_); }

  /// Fixes the range and its ticks. An empty range, or one of a single value, is widened; `margin` is the
  /// share of the range that is added at both ends.
  void settle(int wanted_ticks, double margin);

  /// Gives the pixels of the two ends; `pixel_low` may be the greater, as on an axis that points upwards.
  void place(double pixel_low, double pixel_high);

  double pixel(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }
  std::string label(double tick) const;

 private:
  double scaled(double value) const;

  bool log_, percent_, whole_;
  double low_ = 1, high_ = 0;  // empty
  double pixel_low_ = 0, pixel_high_ = 1;
  std::vector<double> ticks_;
};

}  // namespace gradus::plot::detail

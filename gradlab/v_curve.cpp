#include "gradlab/v_curve.hpp"

#include <cmath>

#include "plot/chart.hpp"

namespace gradus::lab {
namespace {

using plot::Chart;
using plot::ChartSeries;

ChartSeries series_of(const std::string& label, const SweepCurve& curve, int color) {
  ChartSeries series;
  series.name = label;
  series.color = color;
  series.markers = true;
  for (size_t i = curve.points.size(); i > 0; --i) {
    series.x.push_back(curve.points[i - 1].step);
    series.y.push_back(curve.points[i - 1].error);
  }
  return series;
}

/// c h^power, four times above the curve at `at`, as far as it lies above the curve's least error.
ChartSeries guide(const std::string& label, int color, const SweepCurve& curve, const SweepPoint& at,
                  double power) {
  constexpr double above = 4;
  ChartSeries line;
  line.name = label;
  line.color = color;
  line.dashed = true;
  for (size_t i = curve.points.size(); i > 0; --i) {
    const double h = curve.points[i - 1].step;
    const double error = above * at.error * std::pow(h / at.step, power);
    if (error < curve.best_error || error > 1) continue;
    line.x.push_back(h);
    line.y.push_back(error);
  }
  return line;
}

}  // namespace

std::string v_curve_svg_file(const Sweep& sweep, const std::string& subject) {
  Chart chart;
  chart.title = fmt::format("{}: error of a central difference against its step", subject);
  chart.x_label = "step h";
  chart.log_x = chart.log_y = true;
  chart.width = 640;
  chart.height = 400;
  chart.series = {series_of("f64", sweep.f64, 1), series_of("f32", sweep.f32, 2)};
  const SweepCurve& curve = sweep.f64;
  if (!std::isnan(curve.truncation_slope)) {
    for (const SweepPoint& point : curve.points) {
      if (point.step > 0.02) continue;
      chart.series.push_back(guide("h² (truncation)", 3, curve, point, 2));
      break;
    }
  }
  if (!std::isnan(curve.roundoff_slope)) {
    const SweepPoint* last = nullptr;
    for (const SweepPoint& point : curve.points) {
      if (point.step < curve.best_step && point.error > 0 && point.error < 1e-4) last = &point;
    }
    if (last != nullptr) chart.series.push_back(guide("ε/h (rounding)", 4, curve, *last, -1));
  }
  return plot::to_svg_file(plot::draw(chart));
}

}  // namespace gradus::lab

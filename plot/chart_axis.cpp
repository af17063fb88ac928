#include "plot/chart_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plot/chart.hpp"

namespace gradus::plot {

std::vector<double> round_ticks(double low, double high, int wanted) {
  const double rough = (high - low) / std::max(wanted, 1);
  const double power = std::pow(10, std::floor(std::log10(rough)));
  const double lead = rough / power;
  const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
  std::vector<double> ticks;
  // The slack takes in an end that is a multiple but for its last bits.
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  for (double i = first; i <= last && ticks.size() < 100; ++i) ticks.push_back(i == 0 ? 0.0 : i * step);
  return ticks;
}

std::vector<double> log_ticks(double low, double high) {
  const auto multiples = [&](std::initializer_list<double> leads, int every) {
    std::vector<double> ticks;
    const int first = static_cast<int>(std::floor(std::log10(low)));
    const int last = static_cast<int>(std::ceil(std::log10(high)));
    for (int power = first; power <= last; ++power) {
      if (power % every != 0) continue;
      for (const double lead : leads) {
        const double tick = lead * std::pow(10, power);
        if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
      }
    }
    return ticks;
  };
  const double decades = std::log10(high / low);
  if (decades > 3) return multiples({1}, static_cast<int>(std::ceil(decades / 6)));
  const std::vector<double> ticks = multiples({1, 2, 5}, 1);
  return ticks.size() >= 2 ? ticks : round_ticks(low, high, 4);
}

namespace detail {

bool ChartAxis::holds(double value) const { return std::isfinite(value) && (!log_ || value > 0); }

void ChartAxis::include(double value) {
  if (!holds(value)) return;
  const bool first = empty();
  low_ = first ? value : std::min(low_, value);
  high_ = first ? value : std::max(high_, value);
}

void ChartAxis::settle(int wanted_ticks, double margin) {
  if (empty()) {
    low_ = log_ ? 1 : 0;
    high_ = log_ ? 10 : 1;
  }
  if (log_) {
    if (high_ / low_ < 1.01) {
      low_ /= 2;
      high_ *= 2;
    }
    const double widen = std::pow(high_ / low_, margin);
    low_ /= widen;
    high_ *= widen;
    ticks_ = log_ticks(low_, high_);
    return;
  }
  const double least = 1e-6 * std::max({std::abs(low_), std::abs(high_), 1e-6});
  if (high_ - low_ < least) {
    const double around = low_ == 0 ? 1 : std::abs(low_) / 2;
    low_ -= around;
    high_ += around;
  }
  const bool from_zero = low_ >= 0;
  const double widen = margin * (high_ - low_);
  low_ -= widen;
  high_ += widen;
  if (from_zero) low_ = std::max(low_, 0.0);  // a count or a share is never drawn below zero
  if (percent_ && high_ > 1 && high_ - widen <= 1) high_ = 1;
  ticks_ = round_ticks(low_, high_, wanted_ticks);
  if (whole_) std::erase_if(ticks_, [](double tick) { return tick != std::floor(tick); });
}

void ChartAxis::place(double pixel_low, double pixel_high) {
  pixel_low_ = pixel_low;
  pixel_high_ = pixel_high;
}

double ChartAxis::scaled(double value) const { return log_ ? std::log10(value) : value; }

double ChartAxis::pixel(double value) const {
  const double share = (scaled(value) - scaled(low_)) / (scaled(high_) - scaled(low_));
  return pixel_low_ + share * (pixel_high_ - pixel_low_);
}

std::string ChartAxis::label(double tick) const {
  if (percent_) return fmt::format("{:.4g}\xC2\xA0%", 100 * tick);
  const double size = std::abs(tick), most = ticks_.empty() ? size : std::abs(ticks_.back());
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return fmt::format("{:.3g}", tick);
  // One unit for the whole axis, but each decade of a logarithmic one has its own.
  const double judge = log_ ? size : most;
  if (tick != 0 && judge >= 1e9) return fmt::format("{:.4g}G", tick / 1e9);
  if (tick != 0 && judge >= 1e6) return fmt::format("{:.4g}M", tick / 1e6);
  if (tick != 0 && judge >= 1e4) return fmt::format("{:.4g}k", tick / 1e3);
  return fmt::format("{:.4g}", tick);
}

}  // namespace detail
}  // namespace gradus::plot

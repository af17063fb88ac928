/// @file
/// What scripts/reference/metrics.py wrote.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/file.hpp"

namespace gradus {

/// The cases in tests/fixtures/bert/metrics/`name`.
inline nlohmann::json metric_cases(const std::string& name) {
  return nlohmann::json::parse(read_file(std::string(GRADUS_FIXTURES "/bert/metrics/") + name));
}

/// A number of a fixture, where null is NaN.
inline double number_or_nan(const nlohmann::json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

inline std::vector<double> numbers(const nlohmann::json& values) {
  std::vector<double> out;
  for (const auto& value : values) out.push_back(number_or_nan(value));
  return out;
}

/// Equal but for some roundings, or both NaN.
inline bool same_figure(double ours, double theirs) {
  if (std::isnan(ours) || std::isnan(theirs)) return std::isnan(ours) && std::isnan(theirs);
  return std::abs(ours - theirs) <= 1e-12 * std::max(1.0, std::abs(theirs));
}

}  // namespace gradus

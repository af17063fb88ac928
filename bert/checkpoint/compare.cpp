#include "bert/checkpoint/compare.hpp"

#include <algorithm>
#include <cmath>

namespace gradus::bert {
namespace {

/// NaN counts as more than any number.
bool is_less(double a, double b) { return !std::isnan(a) && (std::isnan(b) || a < b); }

double largest_difference(const Tensor& first, const Tensor& second) {
  const std::vector<double> a = first.to(DType::f64).to_vector<double>(),
                            b = second.to(DType::f64).to_vector<double>();
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double difference = a[i] == b[i] ? 0 : std::abs(a[i] - b[i]);  // infinity beside itself, too
    if (is_less(largest, difference)) largest = difference;
  }
  return largest;
}

}  // namespace

const WeightComparison::Difference* WeightComparison::worst() const {
  const auto found =
      std::max_element(differences.begin(), differences.end(),
                       [](const auto& a, const auto& b) { return is_less(a.largest, b.largest); });
  return found == differences.end() ? nullptr : &*found;
}

bool WeightComparison::is_same() const {
  const Difference* most = worst();
  return only_first.empty() && only_second.empty() && misshaped.empty() &&
         (most == nullptr || most->largest == 0);
}

WeightComparison compare_weights(const nn::StateDict& first, const nn::StateDict& second) {
  WeightComparison comparison;
  for (const auto& [name, a] : first) {
    const auto found = second.find(name);
    if (found == second.end()) {
      comparison.only_first.push_back(name);
    } else if (a.shape() != found->second.shape()) {
      comparison.misshaped.push_back({name, a.shape(), found->second.shape()});
    } else {
      comparison.differences.push_back({name, a.shape(), largest_difference(a, found->second)});
    }
  }
  for (const auto& [name, b] : second) {
    if (!first.contains(name)) comparison.only_second.push_back(name);
  }
  return comparison;
}

}  // namespace gradus::bert

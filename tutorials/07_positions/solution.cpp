// The exercises of chapter 7, solved.
#include <algorithm>
#include <map>
#include <vector>

#include "tutorials/07_positions/exercise.hpp"
#include "tutorials/07_positions/positions.hpp"

namespace gradus::tutorials {

// sin(a + b) = cos b sin a + sin b cos a and cos(a + b) = -sin b sin a + cos b cos a, with a = p w, b = k w.
Tensor shift_matrix(int64_t k, int64_t hidden) {
  const Tensor speeds = wave_speeds(hidden);
  std::vector<double> r(static_cast<size_t>(hidden * hidden), 0.0);
  const auto entry = [&](int64_t row, int64_t column) -> double& {
    return r[static_cast<size_t>(row * hidden + column)];
  };
  for (int64_t i = 0; i < hidden / 2; ++i) {
    const double b = static_cast<double>(k) * speeds.at({i});
    entry(2 * i, 2 * i) = entry(2 * i + 1, 2 * i + 1) = std::cos(b);
    entry(2 * i, 2 * i + 1) = std::sin(b);
    entry(2 * i + 1, 2 * i) = -std::sin(b);
  }
  return tensor(r, Shape{hidden, hidden});
}

// For each bag of words (its sorted ids) the better answer is the one that more of its sentences have.
double best_without_order(const Tensor& ids, const Tensor& labels) {
  std::map<std::vector<int64_t>, std::pair<int64_t, int64_t>> bags;  // how many sentences with 0, with 1
  for (int64_t i = 0; i < ids.size(0); ++i) {
    std::vector<int64_t> bag = ids.select(0, i).to_vector<int64_t>();
    std::sort(bag.begin(), bag.end());
    auto& [zeros_seen, ones_seen] = bags[bag];
    (labels.at({i}) == 0 ? zeros_seen : ones_seen) += 1;
  }
  int64_t right = 0;
  for (const auto& [bag, seen] : bags) right += std::max(seen.first, seen.second);
  return static_cast<double>(right) / static_cast<double>(ids.size(0));
}

Tensor segment_ids(const Tensor& ids, int64_t sep) {
  const int64_t length = ids.size(1);
  std::vector<int64_t> segments;
  for (int64_t row = 0; row < ids.size(0); ++row) {
    const std::vector<int64_t> words = ids.select(0, row).to_vector<int64_t>();
    const auto first = std::find(words.begin(), words.end(), sep);
    const auto second = first == words.end() ? first : std::find(first + 1, words.end(), sep);
    for (auto word = words.begin(); word != words.end(); ++word) {
      segments.push_back(second != words.end() && word > first && word <= second ? 1 : 0);
    }
  }
  return tensor(segments, Shape{ids.size(0), length});
}

}  // namespace gradus::tutorials

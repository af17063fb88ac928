// The exercises of chapter 20, solved.
#include "exercise.hpp"

namespace gradus::tutorials::many_workers {

// A mean is a sum divided by the places of its worker. Times those, over all places, it is that worker's
// share of the one sum.
std::vector<double> weights_of_means(const std::vector<int64_t>& asked) {
  int64_t all = 0;
  for (const int64_t count : asked) all += count;
  std::vector<double> weights;
  for (const int64_t count : asked)
    weights.push_back(all == 0 ? 0 : static_cast<double>(count) / static_cast<double>(all));
  return weights;
}

std::vector<Round> rounds_of_halving(int64_t rank, int64_t workers, int64_t length) {
  std::vector<Round> rounds;
  int64_t begin = 0, end = length;
  for (int64_t bit = 1; bit < workers; bit *= 2) {
    const int64_t middle = (begin + end) / 2;
    if ((rank & bit) == 0) {
      end = middle;
    } else {
      begin = middle;
    }
    rounds.push_back({rank ^ bit, begin, end});
  }
  return rounds;
}

// The last addition of both must be of the same two sums, in either order.
bool always_same_bits(const Order& a, const Order& b) {
  if (a.sum_of.empty() || b.sum_of.empty()) return a.sum_of.empty() && b.sum_of.empty() && a.part == b.part;
  const auto same = [&](size_t left, size_t right) {
    return always_same_bits(a.sum_of[0], b.sum_of[left]) && always_same_bits(a.sum_of[1], b.sum_of[right]);
  };
  return same(0, 1) || same(1, 0);
}

}  // namespace gradus::tutorials::many_workers

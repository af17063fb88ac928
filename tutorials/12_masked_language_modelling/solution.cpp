// The exercises of chapter 12, solved.
#include "exercise.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/ops.hpp"

namespace gradus::tutorials::masked {

// A random word is the right one with chance 1 / V. Then nobody can tell it from a word that was left.
Expected expected_shares(double fraction, int64_t drawable) {
  const double by_chance = 1.0 / static_cast<double>(drawable);
  return {.as_mask = fraction * 0.8,
          .changed = fraction * 0.1 * (1 - by_chance),
          .right = (0.1 + 0.1 * by_chance) / 0.2};
}

std::vector<int64_t> places_to_guess(const std::vector<int64_t>& row, const std::set<int64_t>& signs_of,
                                     double fraction, Rng& rng) {
  std::vector<int64_t> places;
  for (size_t place = 0; place < row.size(); ++place) {
    if (!signs_of.contains(row[place])) places.push_back(static_cast<int64_t>(place));
  }
  if (places.empty()) return places;
  const int64_t wanted = std::llround(fraction * static_cast<double>(places.size()));
  rng.shuffle(places);
  places.resize(static_cast<size_t>(std::max<int64_t>(wanted, 1)));
  std::sort(places.begin(), places.end());
  return places;
}

// z = h E^T, so dE = dz^T h: a sum over all m rows for each of the V tokens. Each x is a row of E, so its
// gradient is added to that row.
Tensor table_gradient(int64_t vocabulary, const Tensor& ids, const Tensor& dx, const Tensor& h,
                      const Tensor& dz) {
  const Tensor as_scores = matmul(dz.transpose(0, 1), h);
  const Tensor one_hot = equal(arange(vocabulary).unsqueeze(1), ids.unsqueeze(0)).to(dx.dtype());  // [V, n]
  return as_scores + matmul(one_hot, dx);
}

}  // namespace gradus::tutorials::masked

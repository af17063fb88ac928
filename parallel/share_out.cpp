#include "parallel/share_out.hpp"

#include <algorithm>

namespace gradus::parallel {

void share_out(World& world, int64_t pieces, const std::function<std::vector<double>(int64_t)>& compute,
               const std::function<void(int64_t, std::span<const double>)>& use,
               const std::function<void()>& before_each) {
  if (world.size() == 1) {
    for (int64_t p = 0; p < pieces; ++p) {
      if (before_each) before_each();
      use(p, compute(p));
    }
    return;
  }
  std::vector<std::vector<double>> own(static_cast<size_t>(pieces));
  std::vector<int64_t> sizes(static_cast<size_t>(pieces));
  for (int64_t first = 0; first < pieces; first += world.size()) {
    if (before_each) before_each();
    const int64_t p = first + world.rank();
    if (p >= pieces) continue;
    own[static_cast<size_t>(p)] = compute(p);
    sizes[static_cast<size_t>(p)] = std::ssize(own[static_cast<size_t>(p)]);
  }
  // Each fills in its own, and the sum with the others' zeros leaves a number as it is.
  world.add_up(std::span(sizes));
  std::vector<size_t> begins = {0};
  for (const int64_t size : sizes) begins.push_back(begins.back() + static_cast<size_t>(size));
  std::vector<double> all(begins.back());
  for (size_t p = 0; p < own.size(); ++p)
    std::ranges::copy(own[p], all.begin() + static_cast<std::ptrdiff_t>(begins[p]));
  world.add_up(std::span(all));
  for (size_t p = 0; p < own.size(); ++p)
    use(static_cast<int64_t>(p), std::span(all).subspan(begins[p], begins[p + 1] - begins[p]));
}

}  // namespace gradus::parallel

#include "parallel/collect.hpp"

#include <algorithm>

#include "autograd/ops.hpp"

namespace gradus::parallel {
namespace {

constexpr int64_t tag = 48;  // of World's own: add_up and broadcast have the ones below
static_assert(tag < World::own_tags);

std::span<const std::byte> bytes(const Tensor& x, int64_t begin, int64_t size) {
  return dispatch_float(x.dtype(), "collect", [&]<class T> {
    return std::as_bytes(std::span(x.data<T>() + begin, static_cast<size_t>(size)));
  });
}

std::span<std::byte> writable_bytes(Tensor& x, int64_t begin, int64_t size) {
  return dispatch_float(x.dtype(), "collect", [&]<class T> {
    return std::as_writable_bytes(std::span(x.mutable_data<T>() + begin, static_cast<size_t>(size)));
  });
}

}  // namespace

Tensor collect(World& world, const std::vector<std::vector<Range>>& owned, const Tensor& mine,
               const Range& wanted) {
  const bool is_first = world.rank() == 0;
  Tensor result;
  if (is_first) result = empty({wanted.size()}, mine.dtype());
  std::vector<std::unique_ptr<Swap>> swaps;
  for (int64_t rank = 0; rank < world.size(); ++rank) {
    if (!is_first && rank != world.rank()) continue;
    int64_t place = 0;  // in the array of what this rank has
    for (const Range& part : owned.at(static_cast<size_t>(rank))) {
      const Range both{std::max(part.begin, wanted.begin), std::min(part.end, wanted.end)};
      const int64_t from = place + both.begin - part.begin, to = both.begin - wanted.begin, n = both.size();
      place += part.size();
      if (n <= 0) continue;
      if (!is_first) {
        swaps.push_back(world.swap(0, tag, bytes(mine, from, n), {}));
      } else if (rank == 0) {
        result.slice(0, to, to + n).copy_(mine.slice(0, from, from + n));
      } else {
        swaps.push_back(world.swap(rank, tag, {}, writable_bytes(result, to, n)));
      }
    }
  }
  world.wait_for_all(
      [&] { return std::ranges::count_if(swaps, [](const auto& s) { return !s->is_done(); }); });
  return result;
}

}  // namespace gradus::parallel

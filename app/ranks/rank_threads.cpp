#include "app/ranks/rank_threads.hpp"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace gradus::app {
namespace {

/// A number that is the same for ranks of one machine that may run on the same cores.
uint64_t place_of(const cpu_set_t& cores) {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  uint64_t hash = 14695981039346656037u;  // FNV-1a
  const auto add = [&hash](unsigned char byte) { hash = (hash ^ byte) * 1099511628211u; };
  for (const char c : std::string_view(host)) add(static_cast<unsigned char>(c));
  for (int core = 0; core < CPU_SETSIZE; ++core) add(CPU_ISSET(core, &cores) ? 1 : 0);
  return hash;
}

}  // namespace

int threads_of_rank(parallel::World& world) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof cores, &cores) != 0) return 1;
  // Each rank fills in its own place; sums of whole numbers with zeros leave them as they are.
  std::vector<int64_t> places(static_cast<size_t>(world.size()));
  const auto mine = static_cast<int64_t>(place_of(cores));
  places[static_cast<size_t>(world.rank())] = mine;
  world.add_up(std::span(places));
  const auto sharing = static_cast<int>(std::ranges::count(places, mine));
  return std::max(1, CPU_COUNT(&cores) / sharing);
}

}  // namespace gradus::app

#include "app/ranks/shards.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "app/command.hpp"
#include "app/ranks/workers.hpp"
#include "app/runs/run_settings.hpp"
#include "autograd/plural.hpp"
#include "autograd/threads.hpp"

namespace gradus::app {

int64_t shards_of(int64_t said, int64_t usual, const std::optional<bert::Resumable>& found,
                  const parallel::World& world) {
  const int64_t ranks = world.size();
  int64_t shards = said;
  if (shards == 0 && found)
    shards = std::llround(number_in(found->state.settings, "shards ").value_or(static_cast<double>(usual)));
  if (shards == 0) {
    const auto least = static_cast<uint64_t>(std::max(usual, ranks));
    shards = ranks > 1 ? static_cast<int64_t>(std::bit_ceil(least)) : usual;
  }
  if (ranks > 1 && (shards < ranks || !std::has_single_bit(static_cast<uint64_t>(shards)))) {
    const std::string who = world_of_workers() ? "workers" : "ranks";
    fail<WrongCall>("--shards: {} {} cannot share {} {}; take a power of two from {} on{}", ranks, who,
                    shards, plural(shards, "shard"), ranks,
                    found ? fmt::format(", or fewer {}, for a run keeps its shards", who) : "");
  }
  return shards;
}

std::string about_ranks(const parallel::World& world, int64_t shards) {
  if (world_of_workers())
    return fmt::format("{} workers share the {} shards of each step, {} {} each", world.size(), shards,
                       num_threads(), plural(num_threads(), "thread"));
  return fmt::format(
      "{} ranks share the {} shards of each step, {} {} each; if one is lost, --resume goes on from the "
      "newest checkpoint, on any number of ranks that divides the shards",
      world.size(), shards, num_threads(), plural(num_threads(), "thread"));
}

}  // namespace gradus::app

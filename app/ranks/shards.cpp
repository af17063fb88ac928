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
  const auto is_power = [](int64_t n) { return std::has_single_bit(static_cast<uint64_t>(n)); };
  if (said > 0 && !is_power(said))
    fail<WrongCall>("--shards {} is no power of two; take 1, 2, 4, 8 or so on", said);
  const int64_t ranks = world.size();
  int64_t shards = said;
  if (shards == 0 && found)
    shards = std::llround(number_in(found->state.settings, "shards ").value_or(static_cast<double>(usual)));
  if (shards == 0) {
    const auto least = static_cast<uint64_t>(std::max(usual, ranks));
    shards = ranks > 1 ? static_cast<int64_t>(std::bit_ceil(least)) : usual;
  }
  if (ranks == 1 || (shards >= ranks && is_power(shards))) return shards;
  const std::string advice =
      found ? fmt::format("the run keeps its shards, so take at most {} {}", shards & -shards, colleagues())
            : fmt::format("take a power of two from {} on", ranks);
  fail<WrongCall>("--shards: {} {} cannot share {} {}; {}", ranks, colleagues(), shards,
                  plural(shards, "shard"), advice);
}

void check_rows_of_step(int64_t rows, int64_t shards, const std::string& said_by,
                        const parallel::World& world) {
  if (rows >= shards) return;
  fail<WrongCall>(
      "a step of {} {} ({}) cannot be cut into {} shards; take larger batches{}", rows, plural(rows, "row"),
      said_by, shards,
      world.size() > 1 ? fmt::format(", or fewer shards and {}", colleagues()) : " or fewer --shards");
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

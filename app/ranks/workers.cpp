#include "app/ranks/workers.hpp"

#include <bit>

#include "app/command.hpp"
#include "app/options/options.hpp"
#include "app/ranks/launcher.hpp"
#include "app/terminal/standard_error.hpp"
#include "parallel/thread_world.hpp"

namespace gradus::app {
namespace {

thread_local parallel::World* own_world = nullptr;
thread_local std::shared_ptr<const void>* own_table = nullptr;  // where the first worker lays what all share

}  // namespace

void add_workers(CLI::App& command, int64_t& workers) {
  add_whole(command, "--workers", workers,
            "Copies of the model that share the work, each with its threads; a power of two", 1, 256);
}

void with_workers(int64_t workers, double stall_minutes, const std::function<void()>& command) {
  if (!std::has_single_bit(static_cast<uint64_t>(workers)))
    fail<WrongCall>("--workers {} cannot share the work; take 1, 2, 4, 8 or another power of two", workers);
  if (workers == 1) return command();
  if (launched())
    fail<WrongCall>("--workers are threads of one process, and a launcher has started several; leave it out");
  std::shared_ptr<const void> table;
  parallel::run_ranks(workers,
                      [&](parallel::World& world) {
                        own_world = &world;
                        own_table = &table;
                        set_silent(world.rank() > 0);
                        command();
                      },
                      {.stall_seconds = 60 * stall_minutes});
}

std::shared_ptr<parallel::World> world_of_workers() {
  // It outlives the command, which is all that asks.
  return {own_world, [](parallel::World*) {}};
}

bool is_worker() { return own_world != nullptr; }

std::shared_ptr<const void> shared_by_workers(const std::function<std::shared_ptr<const void>()>& make) {
  if (!is_worker()) return make();
  if (own_world->rank() == 0) *own_table = make();
  own_world->barrier();
  std::shared_ptr<const void> shared = *own_table;
  own_world->barrier();                            // all have it, so something else may be laid there
  if (own_world->rank() == 0) own_table->reset();  // and it lives no longer than they need it
  return shared;
}

std::string colleagues() { return own_world != nullptr ? "workers" : "ranks"; }

std::string how_to_be_alone() {
  return own_world != nullptr ? "leave --workers out" : "start it without mpirun";
}

}  // namespace gradus::app

#include "app/ranks/ranks.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <thread>

#include "app/command.hpp"
#include "app/options/options.hpp"
#include "app/ranks/launcher.hpp"
#include "app/ranks/rank_threads.hpp"
#include "app/ranks/workers.hpp"
#include "app/terminal/standard_error.hpp"
#include "autograd/threads.hpp"
#ifdef GRADUS_HAS_MPI
#include "parallel/mpi/mpi_world.hpp"
#endif

namespace gradus::app {
namespace {

[[maybe_unused]] constexpr std::array sharing = {"pretrain", "finetune", "evaluate"};

/// The one world of this process, once it has joined the others.
std::shared_ptr<parallel::World>& joined() {
  static std::shared_ptr<parallel::World> world;
  return world;
}

std::optional<parallel::World::Farewell>& ended() {
  static std::optional<parallel::World::Farewell> farewell;
  return farewell;
}

#ifdef GRADUS_HAS_MPI
/// MPI begins once in a process, and not again after it has ended.
bool& has_begun() {
  static bool begun = false;
  return begun;
}

std::shared_ptr<parallel::World> join(double stall_minutes) {
  has_begun() = true;
  const double seconds = 60 * stall_minutes;
  return parallel::mpi_world({.stall_seconds = seconds, .answer_seconds = std::min(10.0, seconds)});
}
#endif

/// A rank that fails before it has joined the others does so now, for they agree on who says why: most often
/// all fail alike, and else the others are not to wait.
void join_to_leave() {
#ifdef GRADUS_HAS_MPI
  const std::optional<Launched> own = launched();
  if (!own) return;
  try {
    if (!has_begun()) joined() = join(10);
  } catch (const ValueError&) {  // so many ranks cannot join
  }
  // Then all of them fail for that, and rank 0 says so; a launcher ends it once another has ended.
  if (!joined() && own->rank > 0) std::this_thread::sleep_for(std::chrono::seconds(3));
#endif
}

}  // namespace

void begin_ranks() {
  if (const std::optional<Launched> own = launched()) set_silent(own->rank > 0);
}

void check_ranks([[maybe_unused]] const std::string& command) {
  const std::optional<Launched> own = launched();
  if (!own) return;
#ifndef GRADUS_HAS_MPI
  fail<WrongCall>(
      "{} of this program were started together, but it is built without MPI, so each would do the whole "
      "work; run scripts/setup mpi and build again, or start one",
      own->size == 0 ? std::string("several") : std::to_string(own->size));
#else
  if (std::ranges::find(sharing, command) == sharing.end())
    fail<WrongCall>("this is work for one process; mpirun is for pretrain, finetune and evaluate");
#endif
}

void add_stall_minutes(CLI::App& command, double& minutes) {
  add_number(command, "--stall-minutes", minutes,
             "With several ranks or workers: after how long without an answer the run ends",
             {0, 1e6, false, true});
}

std::shared_ptr<parallel::World> join_ranks(double stall_minutes, int64_t threads) {
  if (threads > 0) set_num_threads(static_cast<int>(threads));
  if (std::shared_ptr<parallel::World> world = world_of_workers()) {
    if (threads == 0) set_num_threads(num_threads() / static_cast<int>(world->size()));
    return world;
  }
#ifdef GRADUS_HAS_MPI
  if (launched()) {
    std::shared_ptr<parallel::World> world;
    try {
      world = join(stall_minutes);
    } catch (const ValueError& error) {
      fail<WrongCall>("{}", error.what());
    }
    joined() = world;
    set_silent(world->rank() > 0);
    if (threads == 0) set_num_threads(threads_of_rank(*world));
    return world;
  }
#endif
  (void)stall_minutes;
  return parallel::alone();
}

void end_ranks() {
  if (!joined()) return;
  joined()->barrier();
  joined().reset();
}

int fail_ranks(bool own_reason, int code) {
  if (!joined()) join_to_leave();
  if (!joined()) return code;
  ended() = joined()->farewell(own_reason, code);
  set_silent(!ended()->speaks);
  return ended()->code;
}

void leave_ranks(int code) {
#ifdef GRADUS_HAS_MPI
  if (joined()) {
    joined()->leave(*ended());
    parallel::leave_mpi(code);
  }
#endif
  (void)code;
}

}  // namespace gradus::app

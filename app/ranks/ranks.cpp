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

/// Ranks that have not joined yet fail alike as a rule, and the first one says why; a launcher ends the
/// others when it ends. A rank that is still there after a while has failed alone, and speaks.
void let_first_rank_speak() {
  const std::optional<Launched> own = launched();
  if (!own || own->rank == 0) return;
  std::this_thread::sleep_for(std::chrono::seconds(3));
  set_silent(false);
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
             "With several ranks: after how long without an answer the run ends", {0, 1e6, false, true});
}

std::shared_ptr<parallel::World> join_ranks(double stall_minutes, int64_t threads) {
  if (threads > 0) set_num_threads(static_cast<int>(threads));
#ifdef GRADUS_HAS_MPI
  if (launched()) {
    std::shared_ptr<parallel::World> world;
    try {
      const double seconds = 60 * stall_minutes;
      world = parallel::mpi_world({.stall_seconds = seconds, .answer_seconds = std::min(10.0, seconds)});
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
  if (!joined()) {
    let_first_rank_speak();
    return code;
  }
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

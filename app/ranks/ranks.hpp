/// @file
/// The ranks of this program: itself alone, the processes that mpirun or srun started, or threads of its own
/// (workers.hpp).
///
/// A command that can share its work calls join_ranks() and gives the world to the library. Rank 0 alone
/// speaks and writes; the others are silent from the beginning of main on.
#pragma once

#include <memory>
#include <string>

#include "parallel/world.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

/// Silences this process if a launcher started it as another rank than the first.
void begin_ranks();

/// @throws WrongCall when a launcher started many of a command that cannot share its work, or of a program
/// that was built without MPI.
void check_ranks(const std::string& command);

/// Declares --stall-minutes.
void add_stall_minutes(CLI::App& command, double& minutes);

/// The world of this command, and its share of the machine's cores unless `threads` says how many.
std::shared_ptr<parallel::World> join_ranks(double stall_minutes, int64_t threads);

/// The command has done its work: waits for the other ranks, if there are any.
void end_ranks();
/// The command failed, for a reason of its own or since another rank did. Gives the exit code; afterwards
/// this process is silent unless it is the one to say why.
int fail_ranks(bool own_reason, int code);
/// What was to be said has been said: ends the process, where there are other ranks, once that is true of
/// all.
void leave_ranks(int code);

}  // namespace gradus::app

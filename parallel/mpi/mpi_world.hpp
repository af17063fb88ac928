/// @file
/// Ranks that are processes, started by mpirun or srun, on one machine or many (MPI: A Message-Passing
/// Interface Standard, version 3.1).
#pragma once

#include <memory>

#include "parallel/world.hpp"

namespace gradus::parallel {

/// The world of a program that mpirun started; made once in a program. @throws ValueError if the ranks are no
/// power of two, Error for what MPI says.
///
/// A program that ends in the usual way lets go of its world before main returns, and then MPI is finalised.
/// After a failure, farewell() comes first, and then leave_mpi.
std::shared_ptr<World> mpi_world(const WorldOptions& options = {});

/// Ends the process with `code` without asking the other ranks for anything.
[[noreturn]] void leave_mpi(int code);

}  // namespace gradus::parallel

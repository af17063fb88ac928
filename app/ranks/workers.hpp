/// @file
/// Ranks that are threads of this program (--workers): what mpirun does with processes, on one machine and
/// without MPI.
///
/// A worker has its own copy of the model and its own shards of each step, and waits for the others once a
/// step. The threads of one model wait for each other at every op instead, and small ops have little to
/// share.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "parallel/world.hpp"

namespace CLI {
class App;
}

namespace gradus::app {

/// Declares --workers.
void add_workers(CLI::App& command, int64_t& workers);

/// Runs a command once on each of so many threads, of which the first speaks; join_ranks() gives it their
/// world. A single worker is this thread. What the lowest that failed has thrown is thrown again here.
/// @throws WrongCall for a number that is no power of two, and for a process that is one of several ranks.
void with_workers(int64_t workers, double stall_minutes, const std::function<void()>& command);

/// The world of the worker that calls it; null for a thread that is none.
std::shared_ptr<parallel::World> world_of_workers();

/// Whether this thread is one of several workers.
bool is_worker();

/// What `make` gives. Workers share the first one's, for they are in one process: a text is read once, and
/// lies in memory once. Whoever is no worker calls `make` himself. All workers have to call it.
std::shared_ptr<const void> shared_by_workers(const std::function<std::shared_ptr<const void>()>& make);
template <class T>
std::shared_ptr<const T> shared_by_workers(const std::function<T()>& make) {
  return std::static_pointer_cast<const T>(
      shared_by_workers([&]() -> std::shared_ptr<const void> { return std::make_shared<const T>(make()); }));
}

/// What this thread and those it works with are called, "workers" or "ranks", and how to do without them.
std::string colleagues();
std::string how_to_be_alone();

}  // namespace gradus::app

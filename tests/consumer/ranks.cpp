// Adds one number of each rank: of four threads, and of the processes that mpirun started.
#include <cstdio>
#include <span>

#include "parallel/thread_world.hpp"
#ifdef HAS_MPI
#include "parallel/mpi/mpi_world.hpp"
#endif

void add(gradus::parallel::World& world, const char* what) {
  double mine = 1.0 / static_cast<double>(1 + world.rank());
  world.add_up(std::span(&mine, 1));
  if (world.rank() == 0) std::printf("%s: %.4f\n", what, mine);
}

int main() {
  gradus::parallel::run_ranks(4, [](gradus::parallel::World& world) { add(world, "threads"); });
#ifdef HAS_MPI
  add(*gradus::parallel::mpi_world(), "processes");
#endif
}

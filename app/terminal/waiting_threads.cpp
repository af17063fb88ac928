#include "app/terminal/waiting_threads.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <system_error>

namespace gradus::app {

// Ten microseconds or so, less than it takes to wake a thread. On an idle machine that saves a sixth of a
// small step, and beside other work it costs nothing, as 1,000 begin to (benchmarks/busy_machine).
constexpr const char* spins = "300";

void let_waiting_threads_sleep(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr) return;
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error || setenv("OMP_WAIT_POLICY", "PASSIVE", 1) != 0 || setenv("GOMP_SPINCOUNT", spins, 1) != 0)
    return;
  execv(program.c_str(), argv);  // returns only where that was impossible
}

}  // namespace gradus::app

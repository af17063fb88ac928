#include "app/ranks/launcher.hpp"

#include <charconv>
#include <cstdlib>
#include <cstring>

namespace gradus::app {
namespace {

std::optional<int64_t> number_of(const char* variable) {
  const char* const text = std::getenv(variable);
  if (text == nullptr) return std::nullopt;
  int64_t number = 0;
  const char* const end = text + std::strlen(text);
  if (std::from_chars(text, end, number).ptr != end || number < 0) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Launched> launched() {
  // Open MPI's mpirun; the process manager's interface, version 1 and 2 (MPICH's mpirun, srun).
  constexpr const char* names[][2] = {{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
                                      {"PMI_RANK", "PMI_SIZE"}};
  for (const auto& [rank, size] : names) {
    const std::optional<int64_t> own = number_of(rank), all = number_of(size);
    if (!own || !all) continue;
    if (*all > 1) return Launched{*own, *all};
    return std::nullopt;
  }
  // PMIx (srun --mpi=pmix) tells the number of ranks only to who asks by its library.
  if (const std::optional<int64_t> rank = number_of("PMIX_RANK")) return Launched{*rank, 0};
  return std::nullopt;
}

}  // namespace gradus::app

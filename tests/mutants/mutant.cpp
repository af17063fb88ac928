// Which fault is on in a test program of scripts/mutants: the one that the environment names.
#include <cstdlib>

#include "planted_bugs/planted.hpp"

namespace gradus {
namespace {

uint64_t from_environment() {
  const char* name = std::getenv("GRADUS_MUTANT");
  return name == nullptr || *name == '\0' ? 0 : BugName(std::string_view(name)).number;
}

}  // namespace

uint64_t planted_bug = from_environment();

}  // namespace gradus

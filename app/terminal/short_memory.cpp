#include "app/terminal/short_memory.hpp"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

#include "app/command.hpp"

namespace gradus::app {
namespace {

std::vector<char> reserve;
std::terminate_handler end_by_default = nullptr;

[[noreturn]] void end_uncaught() {
  try {
    if (std::current_exception()) throw;
  } catch (const std::bad_alloc&) {
    say_short_memory();
    std::_Exit(exit_failed);
  } catch (...) {
  }
  end_by_default();
  std::abort();
}

/// Whether the system would not give as much as the largest block that BLIS packs matrices into.
bool is_memory_short() {
  constexpr size_t block_bytes = size_t{32} << 20;
  void* const block =
      ::mmap(nullptr, block_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block == MAP_FAILED) return true;
  ::munmap(block, block_bytes);
  return false;
}

/// Makes only calls that a signal's handler may make. It returns to abort(), which then ends the program.
void on_abort(int) {
  if (!is_memory_short()) return;
  say_short_memory();
  ::_exit(exit_failed);
}

}  // namespace

void prepare_for_short_memory() {
  end_by_default = std::set_terminate(end_uncaught);
  struct sigaction action {};
  action.sa_handler = on_abort;
  sigemptyset(&action.sa_mask);
  sigaction(SIGABRT, &action, nullptr);
  reserve.resize(size_t{1} << 18);
}

void release_reserve() { std::vector<char>().swap(reserve); }  // `reserve = {}` would keep the room

void say_short_memory() {
  constexpr std::string_view sentence = "gradus: there is not enough memory for this\n";
  (void)!::write(STDERR_FILENO, sentence.data(), sentence.size());
}

}  // namespace gradus::app

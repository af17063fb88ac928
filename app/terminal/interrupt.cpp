#include "app/terminal/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <string_view>

namespace gradus::app {
namespace {

// The one state that a signal handler can reach. Lock-free, as a handler must be.
std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void set(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard() {
  was_interrupted = false;
  // With SA_RESETHAND the second signal finds the default action again, which ends the program. SA_RESTART
  // lets reads and writes under way go on.
  set(
      [](int) {
        was_interrupted = true;
        constexpr std::string_view said =
            "\nstopping, once what is under way is saved; Ctrl-C again ends at once, and what is not saved "
            "is "
            "lost\n";
        [[maybe_unused]] const auto written = ::write(STDERR_FILENO, said.data(), said.size());
      },
      static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

InterruptGuard::~InterruptGuard() { set(SIG_DFL, 0); }

bool interrupted() { return was_interrupted; }

}  // namespace gradus::app

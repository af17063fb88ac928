#include "app/terminal/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <mutex>
#include <string_view>

#include "app/terminal/standard_error.hpp"

namespace gradus::app {
namespace {

// The one state that a signal handler can reach. Lock-free, as a handler must be.
std::atomic<bool> was_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

std::mutex guards_mutex;
int guards = 0;

void note(int) { was_interrupted = true; }

void note_and_say(int) {
  note(0);
  constexpr std::string_view said =
      "\nstopping, once what is under way is saved; Ctrl-C again ends at once, and what is not saved is "
      "lost\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, said.data(), said.size());
}

void set(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

InterruptGuard::InterruptGuard(WhenStopped what) {
  const std::scoped_lock lock(guards_mutex);
  const bool is_first = guards++ == 0;
  if (is_first) was_interrupted = false;
  if (!is_first && is_silent()) return;
  // With SA_RESETHAND the second signal finds the default action again, which ends the program. SA_RESTART
  // lets reads and writes under way go on.
  set(what == WhenStopped::is_saved && !is_silent() ? note_and_say : note,
      static_cast<int>(SA_RESETHAND) | SA_RESTART);
}

InterruptGuard::~InterruptGuard() {
  const std::scoped_lock lock(guards_mutex);
  if (--guards == 0) set(SIG_DFL, 0);
}

bool interrupted() { return was_interrupted; }

}  // namespace gradus::app

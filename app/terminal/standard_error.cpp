#include "app/terminal/standard_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "app/terminal/visible_text.hpp"

namespace gradus::app {

namespace {
thread_local bool silent = false;  // ranks may be threads
}

void set_silent(bool is_silent) { silent = is_silent; }
bool is_silent() { return silent; }

void print_error(std::string_view text) { steer_terminal(visible(text)); }

void steer_terminal(std::string_view text) {
  if (silent) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
  std::clearerr(stderr);
}

void fill_closed_streams() {
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(stream, F_GETFD) != -1 || errno != EBADF) continue;
    // open() takes the lowest free number, which is this one. Read-only: a result that is written to a closed
    // standard output must still fail.
    (void)!::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace gradus::app

#include "mutants/runs.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "support/temporary_folder.hpp"

namespace gradus {
namespace {

using Clock = std::chrono::steady_clock;

volatile sig_atomic_t was_interrupted = 0;

/// While it lives, Ctrl-C only sets the flag.
class Interrupt {
 public:
  Interrupt() {
    before_ = ::signal(SIGINT, [](int) { was_interrupted = 1; });
  }
  ~Interrupt() { ::signal(SIGINT, before_); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  void (*before_)(int) = nullptr;
};

/// A name as Catch2 reads it on its command line, where some characters mean more than themselves.
std::string escaped(const std::string& name) {
  std::string text;
  for (const char c : name) {
    if (c == ',' || c == '[' || c == ']' || c == '"' || c == '\\' || c == '*' || c == '~') text += '\\';
    text += c;
  }
  return text;
}

/// A test program at work: the leader of a process group, so that what it starts ends with it.
class Child {
 public:
  Child(const std::filesystem::path& tests, const MutantRun& run, const std::filesystem::path& output)
      : output_(output), begin_(Clock::now()), most_seconds_(run.most_seconds) {
    const size_t colon = run.test.find(':');
    const std::string program = (tests / ("test_" + run.test.substr(0, colon))).string();
    const std::string name = escaped(run.test.substr(colon + 1));
    process_ = ::fork();
    if (process_ < 0) fail<IoError>("cannot start {}", program);
    if (process_ > 0) return;
    ::setpgid(0, 0);
    ::signal(SIGINT, SIG_DFL);
    ::setenv("GRADUS_MUTANT", run.mutant.c_str(), 1);
    ::setenv("OMP_WAIT_POLICY", "PASSIVE", 0);
    const int in = ::open("/dev/null", O_RDONLY),
              out = ::open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execl(program.c_str(), program.c_str(), name.c_str(), nullptr);
    ::_exit(127);
  }

  /// Has it ended? One that took too long is ended now.
  bool has_ended(MutantEnd& end) {
    end.seconds = std::chrono::duration<double>(Clock::now() - begin_).count();
    if (end.seconds > most_seconds_) kill();
    int status = 0;
    if (::waitpid(process_, &status, WNOHANG) != process_) return false;
    ::kill(-process_, SIGKILL);  // whatever it has left behind
    end.passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    end.output = read_file(output_);
    end.ran = end.output.find(" in 1 test case)") != std::string::npos || !end.passed;
    return true;
  }

  void kill() const {
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);  // its group may not be there yet
  }

 private:
  std::filesystem::path output_;
  Clock::time_point begin_;
  double most_seconds_;
  pid_t process_ = -1;
};

}  // namespace

bool run_all(const std::filesystem::path& tests, const std::vector<MutantRun>& runs, size_t jobs,
             const std::function<void(size_t, const MutantEnd&)>& ended) {
  const Interrupt guard;
  const TemporaryFolder folder;
  std::vector<std::pair<size_t, Child>> working;
  size_t next = 0;
  while (next < runs.size() || !working.empty()) {
    while (next < runs.size() && working.size() < jobs) {
      working.emplace_back(next, Child(tests, runs[next], folder / std::to_string(next)));
      ++next;
    }
    for (size_t k = 0; k < working.size();) {
      MutantEnd end;
      if (working[k].second.has_ended(end)) {
        ended(working[k].first, end);
        working.erase(working.begin() + static_cast<std::ptrdiff_t>(k));
      } else {
        ++k;
      }
    }
    if (was_interrupted != 0) {
      for (const auto& [i, child] : working) child.kill();
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace gradus

#include "app/bench/another_kernel_set.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

extern char** environ;

namespace gradus::app {
namespace {

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  all.reserve(words.size() + 1);
  for (std::string& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// This process's environment with another BLIS_ARCH_TYPE.
std::vector<std::string> environment_with(const std::string& name) {
  const std::string setting = "BLIS_ARCH_TYPE=";
  std::vector<std::string> settings;
  for (char** at = environ; *at != nullptr; ++at)
    if (!std::string(*at).starts_with(setting)) settings.emplace_back(*at);
  settings.push_back(setting + name);
  return settings;
}

/// All that comes until the writer has ended.
std::string read_all(int from) {
  std::string text;
  std::array<char, 4096> block{};
  for (;;) {
    const ssize_t n = read(from, block.data(), block.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return text;
    text.append(block.data(), static_cast<size_t>(n));
  }
}

}  // namespace

std::optional<std::string> output_under(const std::string& name, const std::vector<std::string>& arguments) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return std::nullopt;
  std::vector<std::string> words = {"gradus"}, settings = environment_with(name);
  words.insert(words.end(), arguments.begin(), arguments.end());
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  pid_t child = 0;
  const int error = posix_spawn(&child, "/proc/self/exe", &actions, nullptr, pointers(words).data(),
                                pointers(settings).data());
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::optional<std::string> text;
  if (error == 0) {
    text = read_all(ends[0]);
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) text.reset();
  }
  close(ends[0]);
  return text;
}

}  // namespace gradus::app

#include "support/run_program.hpp"

#include <sys/wait.h>

#include <cstdlib>

#include "autograd/file.hpp"
#include "support/temporary_folder.hpp"

namespace {

/// Single quotes keep everything but themselves.
std::string quoted(const std::string& argument) {
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

ProgramResult run_program(const std::vector<std::string>& command, const std::string& before) {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "out").string(), errors = (folder.path() / "errors").string();
  std::string line = before;
  for (const std::string& argument : command) line += " " + quoted(argument);
  line = "exec < /dev/null > " + quoted(out) + " 2> " + quoted(errors) + "; " + line;
  const int status = std::system(line.c_str());
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return {code, gradus::read_file(out), gradus::read_file(errors)};
}

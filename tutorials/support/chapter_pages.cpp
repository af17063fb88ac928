// chapter_pages check FOLDER PROGRAM: compares FOLDER/README.md with the sources and a fresh run of PROGRAM.
// chapter_pages refresh FOLDER PROGRAM: writes a fresh run and its figures into FOLDER.
// chapter_pages unsolved FOLDER PROGRAM: the exercise as it is committed must run and fail.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "tutorials/support/readme.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
namespace fs = std::filesystem;

struct Result {
  int code = 0;
  std::string out;
  double seconds = 0;
};

std::string quoted(const std::string& argument) {
  std::string text = "'";
  for (const char c : argument) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

Result run(const std::string& command) {
  const auto start = std::chrono::steady_clock::now();
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) fail<IoError>("cannot run {}", command);
  Result result;
  std::array<char, 4096> piece{};
  for (std::size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
    result.out.append(piece.data(), n);
  }
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

/// A folder of its own for the figures of one run.
class FigureFolder {
 public:
  FigureFolder() {
    std::string name = (fs::temp_directory_path() / "gradus-figures-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail<IoError>("cannot make a folder like {}", name);
    path_ = name;
  }
  FigureFolder(const FigureFolder&) = delete;
  FigureFolder& operator=(const FigureFolder&) = delete;
  ~FigureFolder() {
    std::error_code unused;
    fs::remove_all(path_, unused);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

Result run_chapter_program(const std::string& program, const fs::path& figures) {
  return run(quoted(program) + " --figures " + quoted(figures.string()));
}

int check(const fs::path& folder, const std::string& program) {
  const FigureFolder figures;
  const Result result = run_chapter_program(program, figures.path());
  if (result.code != 0) fail("{} ended with exit code {}", program, result.code);
  fmt::print("the program took {:.1f} s\n", result.seconds);
  const std::vector<std::string> problems = problems_of(folder, result.out, figures.path());
  for (const std::string& problem : problems)
    fmt::print("{}/README.md: {}\n", folder.filename().string(), problem);
  if (!problems.empty()) fmt::print("scripts/refresh_tutorials writes output blocks and figures anew.\n");
  return problems.empty() ? 0 : 1;
}

int refresh(const fs::path& folder, const std::string& program) {
  const FigureFolder figures;
  const Result result = run_chapter_program(program, figures.path());
  if (result.code != 0) fail("{} ended with exit code {}", program, result.code);
  const fs::path readme = folder / "README.md";
  const std::string before = read_file(readme), after = refreshed(before, result.out);
  if (after != before) write_file_atomically(readme, after);
  fs::remove_all(folder / "figures");
  fs::create_directories(folder / "figures");
  for (const auto& figure : fs::directory_iterator(figures.path())) {
    write_file_atomically(folder / "figures" / figure.path().filename(), read_file(figure.path()));
  }
  fmt::print("{}: {}, {:.1f} s\n", folder.filename().string(),
             after != before ? "README changed" : "README unchanged", result.seconds);
  return 0;
}

int unsolved(const fs::path& folder, const std::string& program) {
  if (read_file(folder / "exercise.cpp").find("unsolved<") == std::string::npos) {
    fmt::print("{}/exercise.cpp is solved, so there is nothing to test.\n", folder.filename().string());
    return 77;  // CTest: skipped
  }
  const Result result = run(quoted(program));
  fmt::print("{}", result.out);
  if (result.code != 1) fmt::print("exit code {}, not 1\n", result.code);
  return result.code == 1 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 3) {
      const fs::path folder = fs::path(arguments[1]).lexically_normal();
      if (arguments[0] == "check") return check(folder, arguments[2]);
      if (arguments[0] == "refresh") return refresh(folder, arguments[2]);
      if (arguments[0] == "unsolved") return unsolved(folder, arguments[2]);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "chapter_pages: {}\n", error.what());
    return 1;
  }
  fmt::print(
      stderr,
      "chapter_pages: expected check, refresh or unsolved, then a chapter's folder and its program.\n");
  return 2;
}

// chapter_pages check FOLDER PROGRAM: compares FOLDER/README.md with the sources and a fresh run of PROGRAM.
// chapter_pages refresh FOLDER PROGRAM: writes a fresh run and its figures into FOLDER.
// chapter_pages unsolved FOLDER PROGRAM: the exercise as it is committed must run and fail.
// chapter_pages check-page PAGE FIGURES PROGRAM ARGUMENT...: the same as check for a page such as
// docs/experiments.md with its figures in FIGURES. The call's last argument is a folder for the fresh
// figures. chapter_pages refresh-page PAGE FIGURES PROGRAM ARGUMENT...: writes a fresh run into PAGE and
// FIGURES.
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
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
  for (size_t n = 0; (n = std::fread(piece.data(), 1, piece.size(), pipe)) > 0;) {
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

/// Runs `call`, a command of the shell, with the folder of its figures as its last argument.
Result run_drawing(const std::string& call, const fs::path& figures) {
  Result result = run(call + " " + quoted(figures.string()));
  if (result.code != 0) fail("{} ended with exit code {}", call, result.code);
  return result;
}

std::string chapter_call(const std::string& program) { return quoted(program) + " --figures"; }

/// Prints what is wrong; 0 if nothing is.
int tell(const std::string& name, const std::vector<std::string>& problems, const std::string& script) {
  for (const std::string& problem : problems) fmt::print("{}: {}\n", name, problem);
  if (!problems.empty()) fmt::print("scripts/{} writes output blocks and figures again.\n", script);
  return problems.empty() ? 0 : 1;
}

int check(const fs::path& folder, const std::string& program) {
  const FigureFolder figures;
  const Result result = run_drawing(chapter_call(program), figures.path());
  fmt::print("the program took {:.1f} s\n", result.seconds);
  return tell(folder.filename().string() + "/README.md", problems_of(folder, result.out, figures.path()),
              "refresh_tutorials");
}

Page page_at(const fs::path& file, const fs::path& figures) {
  return {file, figures, file.parent_path().parent_path()};
}

int check_page(const Page& page, const std::string& call) {
  const FigureFolder figures;
  const Result result = run_drawing(call, figures.path());
  fmt::print("the program took {:.1f} s\n", result.seconds);
  return tell(page.file.filename().string(), problems_of(page, result.out, figures.path()),
              "refresh_experiments");
}

int refresh_page(const Page& page, const std::string& name, const std::string& call) {
  const FigureFolder figures;
  const Result result = run_drawing(call, figures.path());
  const std::string before = read_file(page.file), after = refreshed(before, result.out);
  if (after != before) write_file_atomically(page.file, after);
  fs::remove_all(page.figures);
  fs::create_directories(page.figures);
  for (const auto& figure : fs::directory_iterator(figures.path())) {
    write_file_atomically(page.figures / figure.path().filename(), read_file(figure.path()));
  }
  fmt::print("{}: {}, {:.1f} s\n", name, after != before ? "text changed" : "text unchanged", result.seconds);
  return 0;
}

int refresh(const fs::path& folder, const std::string& program) {
  return refresh_page({folder / "README.md", folder / "figures", {}}, folder.filename().string(),
                      chapter_call(program));
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
    if (arguments.size() >= 4) {
      const fs::path file = fs::path(arguments[1]).lexically_normal();
      const Page page = page_at(file, fs::path(arguments[2]).lexically_normal());
      std::string call;
      for (size_t i = 3; i < arguments.size(); ++i) call += (i > 3 ? " " : "") + quoted(arguments[i]);
      if (arguments[0] == "check-page") return check_page(page, call);
      if (arguments[0] == "refresh-page") return refresh_page(page, file.filename().string(), call);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "chapter_pages: {}\n", error.what());
    return 1;
  }
  fmt::print(stderr,
             "chapter_pages: expected check, refresh or unsolved, then a chapter's folder and its program; "
             "or check-page "
             "or refresh-page, then a page, the folder of its figures and a call.\n");
  return 2;
}

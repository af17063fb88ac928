#include "tutorials/support/kit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <set>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/ops.hpp"

namespace gradus::tutorials {
namespace {

struct Run {
  std::filesystem::path figures = "figures", keep;
  std::set<std::string, std::less<>> sections;
};

Run& run() {
  static Run the_run;
  return the_run;
}

int wrong_call(std::string_view program, std::string_view what) {
  fmt::print(stderr, "{}: {}; --help shows the options.\n", program, what);
  return 2;
}

}  // namespace

int run_chapter(int argc, char** argv, const std::function<void()>& body) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const std::string program = std::filesystem::path(argv[0]).filename().string();
  run() = {};
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--help") {
      fmt::print(
          "Usage: {0} [--figures DIR] [--keep DIR]\n\nRuns the chapter.\n\n"
          "  --figures DIR  where its figures go (default: figures)\n"
          "  --keep DIR     where a model goes, if the chapter writes one (default: it is not kept)\n"
          "\nExample: {0} --figures pictures\n",
          program);
      return 0;
    }
    const std::string& option = arguments[i];
    if (option != "--figures" && option != "--keep") {
      return wrong_call(program, "unknown option '" + option + "'");
    }
    if (++i == arguments.size()) return wrong_call(program, option + " needs a folder");
    (option == "--figures" ? run().figures : run().keep) = arguments[i];
  }
  try {
    manual_seed(0);
    body();
    std::fflush(stdout);
    return 0;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    fmt::print(stderr, "{}: {}\n", program, error.what());
    return 1;
  }
}

void section(std::string_view name) {
  if (run().sections.contains(name)) fail("section \"{}\": the name was used before", name);
  fmt::print("{}== {} ==\n", run().sections.empty() ? "" : "\n", name);
  run().sections.emplace(name);
}

void save_figure(const std::string& name, const plot::Picture& picture) {
  const std::filesystem::path file = run().figures / name;
  std::error_code unused;
  std::filesystem::create_directories(run().figures, unused);
  write_file_atomically(file, plot::to_svg_file(picture));
  fmt::print(stderr, "figure: {}\n", file.string());
}

std::filesystem::path kept_folder() { return run().keep; }

void check_gradient(std::string_view name, const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                    const std::vector<Tensor>& inputs, const GradcheckOptions& options) {
  const GradcheckReport report = gradcheck(fn, inputs, options);
  if (!report.passed) fail("{}: a gradient is wrong\n{}", name, to_string(report));
  int64_t checked = 0;
  for (const GradcheckResult& input : report.inputs) checked += input.checked;
  fmt::print("{}: {} derivatives agree with differences to {:.0e}\n", name, checked, options.tolerance);
}

double seconds_of(const std::function<void()>& fn, int repeats) {
  fn();
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    fn();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    least = std::min(least, taken.count());
  }
  return least;
}

double largest_gap(const Tensor& a, const Tensor& b) {
  if (a.shape() != b.shape()) fail<ShapeError>("largest_gap: shapes {} and {} differ", a.shape(), b.shape());
  if (a.numel() == 0) return 0;
  return max(abs(a.detach().to(DType::f64) - b.detach().to(DType::f64))).item();
}

}  // namespace gradus::tutorials

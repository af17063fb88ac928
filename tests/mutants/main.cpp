// mutants: puts one fault of the list into the code after the other, and sees whether the test that must
// notice it does.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <thread>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "mutants/last_run.hpp"
#include "mutants/runs.hpp"

namespace {

using namespace gradus;

const std::filesystem::path folder = std::filesystem::path(GRADUS_SOURCE) / "tests" / "mutants";
constexpr double least_share = 0.95;  // what a release needs
constexpr int interrupted = 130;

struct Call {
  std::string only;
  size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  bool list = false;
};

/// How long a test may take with a fault on, when it takes `seconds` without one.
double most_seconds(double seconds) { return 20 + 10 * seconds; }

/// Each test of the list without a fault: the seconds that it takes. @throws Error if one fails, for then it
/// tells nothing about a fault.
std::map<std::string, double> run_without_faults(const std::vector<Bug>& mutants, const Call& call) {
  std::vector<MutantRun> runs;
  std::map<std::string, double> seconds;
  for (const Bug& mutant : mutants) {
    if (seconds.emplace(mutant.test, 0).second) runs.push_back({mutant.test, "", 600});
  }
  std::string problems;
  fmt::print(stderr, "{} tests without a fault ... ", runs.size());
  const bool is_done = run_all(GRADUS_MUTANT_TESTS, runs, call.jobs, [&](size_t i, const MutantEnd& end) {
    seconds[runs[i].test] = end.seconds;
    if (!end.passed) problems += fmt::format("\n{} fails without a fault:\n{}", runs[i].test, end.output);
    if (!end.ran) problems += fmt::format("\nthere is no test {}, or there are several", runs[i].test);
  });
  if (!is_done) std::exit(interrupted);
  if (!problems.empty()) fail<Error>("{}", problems);
  fmt::print(stderr, "pass\n");
  return seconds;
}

/// "2:10" of what is left, judged by what the tests take without a fault.
std::string time_left(double done, double all, double seconds) {
  if (done <= 0) return "-:--";
  const auto left = static_cast<int64_t>(seconds * (all - done) / done);
  return fmt::format("{}:{:02}", left / 60, left % 60);
}

std::vector<MutantResult> run_with_faults(const std::vector<Bug>& mutants,
                                          const std::map<std::string, double>& seconds, const Call& call) {
  std::vector<MutantRun> runs;
  double all = 0, done = 0;
  for (const Bug& mutant : mutants) {
    const double usual = seconds.at(mutant.test);
    runs.push_back({mutant.test, mutant.name, most_seconds(usual)});
    all += usual;
  }
  std::vector<MutantResult> results(mutants.size());
  size_t count = 0;
  const auto begin = std::chrono::steady_clock::now();
  const bool is_done = run_all(GRADUS_MUTANT_TESTS, runs, call.jobs, [&](size_t i, const MutantEnd& end) {
    results[i] = {mutants[i], !end.passed};
    done += seconds.at(mutants[i].test);
    const std::chrono::duration<double> so_far = std::chrono::steady_clock::now() - begin;
    fmt::print("{:>3} of {}, {} left  {}  {:>6.1f} s  {}\n", ++count, mutants.size(),
               time_left(done, all, so_far.count()), end.passed ? "SURVIVED" : "caught  ", end.seconds,
               mutants[i].name);
    std::fflush(stdout);
  });
  if (!is_done) std::exit(interrupted);
  return results;
}

int run(const Call& call) {
  std::vector<Bug> mutants = read_bugs(folder / "faults");
  std::erase_if(mutants, [&](const Bug& bug) { return bug.name.find(call.only) == std::string::npos; });
  if (mutants.empty()) fail<IndexError>("no fault's name holds \"{}\"", call.only);
  if (call.list) {
    for (const Bug& bug : mutants) fmt::print("{}\n  {}\n  must fail: {}\n", bug.name, bug.file, bug.test);
    return 0;
  }
  const std::vector<MutantResult> results = run_with_faults(mutants, run_without_faults(mutants, call), call);
  for (const auto& [bug, is_caught] : results) {
    if (is_caught) continue;
    fmt::print("\n{}, {}: survived\n  right: {}\n  wrong: {}\n  passed: {}\n", bug.name, bug.entry, bug.text,
               bug.becomes, bug.test);
  }
  const int64_t caught = count_caught(results);
  fmt::print("\n{} of {} faults caught, {}\n", caught, results.size(), share_caught(results));
  if (call.only.empty()) {
    write_file_atomically(folder / "last_run.txt", to_lines(results));
    fmt::print(
        "tests/mutants/last_run.txt is written; scripts/planted_bugs --markdown > docs/planted_bugs.md "
        "renews "
        "the page\n");
  }
  return static_cast<double>(caught) >= least_share * static_cast<double>(results.size()) ? 0 : 1;
}

}  // namespace

int main(int count, char** arguments) {
  CLI::App app(
      "Would the suite notice? Puts each fault of tests/mutants/faults/ into the code, and runs the test\n"
      "that must fail with it. Ends with 1 if fewer than 95 % are caught.\n");
  Call call;
  app.add_option("--only", call.only, "only the faults whose name holds this text")->type_name("TEXT");
  app.add_option("--jobs", call.jobs, "tests side by side")->type_name("NUMBER")->check(CLI::Range(1, 1024));
  app.add_flag("--list", call.list, "print the faults and their tests, and run nothing");
  app.footer("\nExample: mutants --only \"trainer:\"");
  CLI11_PARSE(app, count, arguments);
  try {
    return run(call);
  } catch (const std::exception& error) {
    fmt::print(stderr, "mutants: {}\n", error.what());
    return 2;
  }
}

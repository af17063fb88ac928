/// @file
/// Runs test cases with one fault on, several side by side.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace gradus {

/// One test case to run: "nn:NAME", the fault that is on ("" for none), and the longest it may take.
struct MutantRun {
  std::string test, mutant;
  double most_seconds = 0;
};

/// How it ended. A test that crashes, or does not end in time, has failed.
struct MutantEnd {
  bool passed = false;
  bool ran = false;  ///< there is such a test, and no other of the name
  double seconds = 0;
  std::string output;
};

/// Runs `program` in `tests` for all of `runs`, `jobs` at a time, and calls ended(i, end) as each ends.
/// Returns false when Ctrl-C came; what runs then is ended.
bool run_all(const std::filesystem::path& tests, const std::vector<MutantRun>& runs, size_t jobs,
             const std::function<void(size_t, const MutantEnd&)>& ended);

}  // namespace gradus

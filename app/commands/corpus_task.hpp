/// @file
/// gradus corpus toy --task: a labelled set of the toy world, in three files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace gradus::app {

struct CorpusTask {
  std::string task;  ///< one of bert::toy_task_names()
  std::filesystem::path out;
  int64_t examples = 10000, seed = 1;
  bool force = false, json = false;
};

/// Writes train, validation and test into `out`, which is made, and prints what simple guesses reach on the
/// test. All files are there in the end, or none.
/// @throws WrongCall for what cannot be asked for, or is there already; ValueError; IoError.
void write_task(const CorpusTask& call);

}  // namespace gradus::app

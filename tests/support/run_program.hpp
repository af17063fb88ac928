/// @file
/// Runs another program and catches what it says: for tests of the command line.
#pragma once

#include <string>
#include <vector>

struct ProgramResult {
  int exit_code;       ///< as a shell reports it: 128 + n if signal n ended the program
  std::string out;     ///< all of standard output
  std::string errors;  ///< all of standard error
};

/// Runs `command` (program and arguments, handed over unchanged) with an empty standard input, and waits.
/// `before` is shell text in front of the command, such as `cd /some/where &&` or `OMP_NUM_THREADS=1`.
ProgramResult run_program(const std::vector<std::string>& command, const std::string& before = "");

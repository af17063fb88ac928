/// @file
/// Calls that must be refused: what each says, its exit code, and that it leaves everything as it was.
#pragma once

#include <string>
#include <vector>

#include "app/program.hpp"
#include "support/catch.hpp"

namespace gradus::test {

struct BadCall {
  std::vector<std::string> arguments;
  int exit_code;        ///< 1: the work failed; 2: the call was wrong
  std::string message;  ///< all of standard error, without "gradus " before it and the newline after it
  std::string input = {};
};

/// Runs each call in `folder`. It must print nothing, say exactly its message, and leave every file in the
/// folder as it was: nothing written, nothing lost, no temporary file left behind.
inline void check_refused(const TemporaryFolder& folder, const std::vector<BadCall>& calls) {
  const auto before = content_of(folder.path());
  for (const BadCall& call : calls) {
    std::string line = "gradus";
    for (const std::string& argument : call.arguments) line += " " + argument;
    INFO(line);
    const ProgramResult result = call_gradus(folder.path(), call.arguments, call.input);
    CHECK(result.exit_code == call.exit_code);
    CHECK(result.out == "");
    CHECK(result.errors == "gradus" + call.message + "\n");
    CHECK(content_of(folder.path()) == before);
  }
}

}  // namespace gradus::test

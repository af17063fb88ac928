/// @file
/// What came out when scripts/mutants was run last: faults/ and last_run.txt beside it, and the tables of
/// docs/planted_bugs.md.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "planted_bugs/bug_list.hpp"

namespace gradus {

/// A fault, and whether the test that must fail with it did.
struct MutantResult {
  Bug mutant;
  bool is_caught = false;
};

/// How many of the results are caught.
int64_t count_caught(const std::vector<MutantResult>& results);

/// "94.3 %" of the results are caught.
std::string share_caught(const std::vector<MutantResult>& results);

/// Lines "caught NAME" and "survived NAME", in the order of the results.
std::string to_lines(const std::vector<MutantResult>& results);

/// The list in `folder`/faults with what `folder`/last_run.txt says of each entry.
/// @throws FormatError where the two do not have the same names in the same order: then run scripts/mutants
/// again.
std::vector<MutantResult> read_last_run(const std::filesystem::path& folder);

/// A row for each folder of the code, with the number of faults there and of those that are caught.
std::string rooms_in_markdown(const std::vector<MutantResult>& results);

/// A row for each fault: where it stands, the test that must fail, and whether it did.
std::string mutants_in_markdown(const std::vector<MutantResult>& results);

}  // namespace gradus

/// @file
/// A list of bugs, as it is written in bugs/*.txt and in ../mutants/faults/*.txt. The README.txt beside them
/// says how an entry looks.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gradus {

struct Bug {
  std::string name;                   ///< "tanh: y is not squared"
  std::string kind;                   ///< "factor dropped or wrong"; one of bug_kinds()
  std::string file;                   ///< below the project's folder
  std::string in;                     ///< where the place begins: a text that the file has once
  std::string text;                   ///< what stands there
  std::string becomes;                ///< the bug
  std::vector<std::string> subjects;  ///< of gradlab, that show it
  std::string because;                ///< why the gradient stays the same; empty if it changes
  std::string test = {};  ///< "nn:NAME" of the test that fails; then there are no kind and subjects
  std::string entry;      ///< file and line of the list, for messages

  bool changes_gradient() const { return because.empty(); }
};

/// The kinds in the order of the published table; "equivalent" last.
const std::vector<std::string>& bug_kinds();

/// The bugs in one file of the list. @throws FormatError that names `label`, the line and what is wrong.
std::vector<Bug> parse_bugs(std::string_view text, const std::string& label);

/// The bugs of all .txt files in `folder` (but README.txt), in the order of the files' names.
/// @throws FormatError as above, and if two bugs have one name; IoError if a file cannot be read.
std::vector<Bug> read_bugs(const std::filesystem::path& folder);

}  // namespace gradus

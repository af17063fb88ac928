/// @file
/// Calls of the gradus program in a folder of their own, and what they leave there.
#pragma once

#include <filesystem>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "autograd/file.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace gradus::test {

/// What was said on standard error without the lines of progress, which come every ten seconds: on a machine
/// that is busy enough any command has some.
inline std::string without_progress(const std::string& errors) {
  static const std::regex progress("^[a-z-]+ .*[0-9]+:[0-9][0-9] left$");
  std::istringstream lines(errors);
  std::string rest;
  for (std::string line; std::getline(lines, line);)
    if (!std::regex_match(line, progress)) rest += line + (lines.eof() ? "" : "\n");
  return rest;
}

/// Runs `gradus arguments...` with `folder` as its working folder, so that messages hold short names.
/// `input` is shell text that feeds standard input, such as `printf 'a text' |`.
inline ProgramResult call_gradus(const std::filesystem::path& folder, std::vector<std::string> arguments,
                                 const std::string& input = "") {
  arguments.insert(arguments.begin(), GRADUS_PROGRAM);
  ProgramResult result = run_program(arguments, "cd '" + folder.string() + "' && " + input);
  result.errors = without_progress(result.errors);
  return result;
}

/// Runs lines of shell in `folder`, where `gradus` is the program that was built. Stops at the first failure.
inline ProgramResult shell(const std::filesystem::path& folder, const std::string& lines) {
  const std::string build = std::filesystem::path(GRADUS_PROGRAM).parent_path();
  return run_program({"sh", "-e", "-c", lines},
                     "cd '" + folder.string() + "' && PATH='" + build + "':\"$PATH\"");
}

/// Everything below a folder: relative names with their content; a folder's name ends with a slash.
inline std::map<std::string, std::string> content_of(const std::filesystem::path& folder) {
  std::map<std::string, std::string> content;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().lexically_relative(folder);
    if (entry.is_directory()) {
      content[name + "/"] = "";
    } else {
      content[name] = read_file(entry.path());
    }
  }
  return content;
}

/// The commands that `gradus --help` lists, in its order.
inline std::vector<std::string> command_names() {
  std::istringstream lines(run_program({GRADUS_PROGRAM, "--help"}).out);
  std::vector<std::string> names;
  bool listing = false;
  for (std::string line; std::getline(lines, line);) {
    if (listing && line.empty()) break;
    if (listing) names.push_back(line.substr(2, line.find(' ', 2) - 2));
    listing = listing || line == "Commands:";
  }
  return names;
}

inline void write(const std::filesystem::path& path, const std::string& bytes) {
  std::filesystem::create_directories(path.parent_path());
  write_file_atomically(path, bytes);
}

}  // namespace gradus::test

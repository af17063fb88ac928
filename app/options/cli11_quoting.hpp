/// @file
/// Makes CLI11 take arguments as they are written: it would split "[MASK]" or "[a,b]" at its commas and drop
/// the brackets, and it does not take what stands before a "--" and what stands after it as one list.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace gradus::app {

/// The arguments after the program's name. Those that CLI11 would not take as they are written begin with a
/// mark.
std::vector<std::string> marked_arguments(int argc, const char* const* argv);

/// Has every option of every command take the marks off again. Call it when all commands are added.
void unmark_values(CLI::App& program);

/// `text`, which may hold arguments, without marks.
std::string unmarked(std::string text);

}  // namespace gradus::app

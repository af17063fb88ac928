/// @file
/// What is wrong with a call, in one sentence.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace gradus::app {

/// What CLI11 found wrong with a call of `program`, in our words: the option, its value and what would do.
std::string explain(const CLI::App& program, const CLI::ParseError& error);

/// The entry of `known` that differs from `word` in the fewest letters, or "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);

}  // namespace gradus::app

/// @file
/// This program once more, with another of BLIS's kernel sets: BLIS takes one for the life of a process.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace gradus::app {

/// What the program prints on standard output when it is called with `arguments` and BLIS_ARCH_TYPE=`name`.
/// Nothing where it cannot be started or fails.
std::optional<std::string> output_under(const std::string& name, const std::vector<std::string>& arguments);

}  // namespace gradus::app

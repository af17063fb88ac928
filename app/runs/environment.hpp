/// @file
/// What a report says of the machine and the program that a run was made with.
#pragma once

#include "bert/report/html.hpp"

namespace gradus::app {

/// Processor, threads, BLIS's kernels, compiler, version, date.
bert::KeyValues run_environment();

}  // namespace gradus::app

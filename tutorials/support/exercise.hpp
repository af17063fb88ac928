/// @file
/// Marks the place in an exercise where the reader writes.
#pragma once

#include <stdexcept>
#include <string>

namespace gradus::tutorials {

/// Thrown by an exercise that is not written yet.
struct Unsolved : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Stands for the answer until the reader puts it there: `return unsolved<Tensor>("the row of \"is\"");`.
/// @throws Unsolved, always; `what` says what to write.
template <class T>
[[noreturn]] T unsolved(const std::string& what) {
  throw Unsolved(what);
}

}  // namespace gradus::tutorials

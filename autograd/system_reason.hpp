/// @file
/// Why the system refused a call, in words.
#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace gradus {

/// What the system says of `error`, a value of errno; only its "Not a directory" is said otherwise, because a
/// directory is a folder in all other messages.
inline std::string system_reason(int error) {
  if (error == ENOTDIR) return "a part of this path is a file, not a folder";
  return std::generic_category().message(error);
}

}  // namespace gradus

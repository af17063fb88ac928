/// @file
/// The bytes that operations move, beside the time that profile.hpp takes of them.
///
/// What does little to each number takes the time that its numbers take from memory and back. So an operation
/// reports the least that it can move: each number that it needs read once, and each result written once.
/// Time and bytes give a rate, and the rate beside measure_bandwidth() says what is left to win; one above it
/// says that the numbers were in a cache.
#pragma once

#include <cstdint>
#include <string>

namespace gradus::profile {

/// Adds `bytes` to those of the innermost ProfileScope of this thread; nothing when the profile is off.
void add_bytes(int64_t bytes);

/// The same for `elements` numbers of type T.
template <class T>
void add_elements(int64_t elements) {
  add_bytes(elements * static_cast<int64_t>(sizeof(T)));
}

/// The bytes that were reported since start() in scopes called `name`, those of scopes within them left out;
/// 0 where an operation reports none. Valid after stop() until the next start().
int64_t bytes_of(const std::string& name);

}  // namespace gradus::profile

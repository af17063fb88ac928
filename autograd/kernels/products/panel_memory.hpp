/// @file
/// Memory for packed operands.
#pragma once

#include <cstdint>
#include <vector>

namespace gradus::kernels {

/// Room for `elements` numbers from the start of a cache line, which each thread keeps from call to call: a
/// training step allocates nothing. What the last call left there is gone.
template <class T>
T* panel_memory(int64_t elements) {
  static thread_local std::vector<T> block;
  constexpr auto line = static_cast<int64_t>(64 / sizeof(T));
  if (std::ssize(block) < elements + line) block.resize(static_cast<size_t>(elements + line));
  T* const data = block.data();
  return data + (64 - reinterpret_cast<uintptr_t>(data) % 64) % 64 / sizeof(T);
}

}  // namespace gradus::kernels

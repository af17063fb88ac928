/// @file
/// The only header that knows OpenMP (with threads.cpp). Work is cut into pieces of a fixed size that does
/// not depend on the number of threads, and each piece is computed by one thread; so 1, 2 or 16 threads give
/// the same bits.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <exception>

#include "autograd/module_scope.hpp"
#include "autograd/threads.hpp"

namespace gradus {

namespace kernels {

/// Calls `body(piece)` for every piece in [0, pieces), each once, in any order, on any thread.
/// An exception of a piece is thrown again in the caller; its text names the caller's part of the model.
template <class Body>
void parallel_for(int64_t pieces, Body&& body) {
  if (pieces <= 1 || num_threads() == 1 || omp_in_parallel()) {
    for (int64_t i = 0; i < pieces; ++i) body(i);
    return;
  }
  std::exception_ptr error;
  const ModuleName* const part = running_module();
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t i = 0; i < pieces; ++i) {
    try {
      const ModuleScope scope(part);
      body(i);
    } catch (...) {
#pragma omp critical(gradus_parallel_error)
      if (!error) error = std::current_exception();
    }
  }
  if (error) std::rethrow_exception(error);
}

/// Cuts [0, n) into runs of `grain` (the last may be shorter) and calls `body(begin, end)` for each.
template <class Body>
void parallel_ranges(int64_t n, int64_t grain, Body&& body) {
  parallel_for((n + grain - 1) / grain,
               [&](int64_t piece) { body(piece * grain, std::min(n, (piece + 1) * grain)); });
}

}  // namespace kernels
}  // namespace gradus

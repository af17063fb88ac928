/// @file
/// The clock of the ledger: where one thread does the work, its time on a processor, so that other processes
/// of the machine do not lengthen it; where several do, the clock's.
#pragma once

#include <ctime>

#include "autograd/threads.hpp"

namespace gradus::bert {

/// Seconds since some moment, by the clock that fits the current number of threads.
inline double work_clock() {
  timespec time{};
  clock_gettime(num_threads() == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace gradus::bert

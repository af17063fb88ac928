/// @file
/// What OpenMP's threads do while they wait for work.
#pragma once

namespace gradus::app {

/// Lets a thread that waits spin for some microseconds and then sleep. GCC's OpenMP lets it spin for
/// milliseconds: on a machine with other work that takes a core from the very thread that is waited for.
/// Between two operations of a step the wait is short, and to be woken takes longer.
///
/// OpenMP reads its settings before main() begins, so the program starts itself again with
/// OMP_WAIT_POLICY=PASSIVE and, for GCC's, GOMP_SPINCOUNT. A user's own OMP_WAIT_POLICY or GOMP_SPINCOUNT
/// stays, and the program goes on as it is where it cannot be started again. To be called first in main().
void let_waiting_threads_sleep(char** argv);

}  // namespace gradus::app

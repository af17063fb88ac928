/// @file
/// What OpenMP's threads do while they wait for work.
#pragma once

namespace gradus::app {

/// Lets a thread that waits sleep at once instead of spinning for milliseconds, as GCC's OpenMP does by
/// default: on a machine with other work each spin takes a core from the very thread that is waited for.
///
/// OpenMP reads its settings before main() begins, so the program starts itself again with
/// OMP_WAIT_POLICY=PASSIVE. A user's own OMP_WAIT_POLICY or GOMP_SPINCOUNT stays, and the program goes on as
/// it is where it cannot be started again. To be called first in main().
void let_waiting_threads_sleep(char** argv);

}  // namespace gradus::app

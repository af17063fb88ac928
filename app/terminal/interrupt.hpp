/// @file
/// Ctrl-C, taken as a wish: the work that is under way can come to a good end and be saved.
#pragma once

namespace gradus::app {

/// What becomes of the work that is stopped. What is saved takes a while, so the first signal says so.
enum class WhenStopped { is_saved, is_dropped };

/// While it lives, the first SIGINT or SIGTERM only sets a flag that interrupted() reads; the second ends the
/// program at once. Of several that live at once, as ranks that are threads have them, the one of the thread
/// that speaks decides whether the first signal says what comes.
class InterruptGuard {
 public:
  explicit InterruptGuard(WhenStopped what = WhenStopped::is_dropped);
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();
};

/// True once Ctrl-C was pressed under a guard. Then save what there is and `throw Exit{exit_interrupted}`.
bool interrupted();

}  // namespace gradus::app

/// @file
/// Shows on standard error how far the work is: a line that moves on a terminal, a plain line now and then in
/// a log. Quick work shows nothing in a log.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace gradus::app {

/// "learning  42 %  note  3:05 left": what a progress line says after `seconds` of work. `fraction` of it is
/// done; below 0 it is not known, and the time since the start is shown instead of the time left. Who knows
/// better than the mean so far how long the rest takes says so with `seconds_left`.
std::string progress_text(std::string_view label, double fraction, double seconds, std::string_view note,
                          std::optional<double> seconds_left = {});

/// "0:07", "12:30", "2:05:00".
std::string clock_text(double seconds);

class Progress {
 public:
  explicit Progress(std::string label);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();  ///< Clears the moving line, so that what is printed next begins on a fresh one.

  /// True when a call of `update` would show something now: for notes that take time to make.
  bool is_due() const;
  /// Says how far the work is. Cheap to call often: it writes ten times a second on a terminal, and every ten
  /// seconds in a log. `fraction` is in [0, 1], or below 0 where the end is not known; `seconds_left` as
  /// above.
  void update(double fraction, std::string_view note = {}, std::optional<double> seconds_left = {});
  /// A line that stays, above the moving one.
  void say(std::string_view line);
  /// Clears the moving line before something is printed; the next update shows it again.
  void clear();

 private:
  using Clock = std::chrono::steady_clock;

  std::string label_;
  bool is_terminal_;
  bool is_shown_ = false;  // a moving line stands on the terminal
  Clock::time_point start_, next_;
};

}  // namespace gradus::app

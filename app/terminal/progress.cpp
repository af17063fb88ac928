#include "app/terminal/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "app/terminal/standard_error.hpp"
#include "app/terminal/visible_text.hpp"

namespace gradus::app {
namespace {

using namespace std::chrono_literals;

double seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

/// As much of `text` as fits on one line of the terminal, since a line that wraps cannot be moved.
std::string_view fitting(std::string_view text) {
  winsize size{};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  size_t bytes = std::min<size_t>(text.size(), known ? size.ws_col - 1u : 79u);
  // Never end inside a character: the bytes that continue one are 10xxxxxx.
  while (bytes > 0 && bytes < text.size() && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80)
    --bytes;
  return text.substr(0, bytes);
}

}  // namespace

std::string clock_text(double seconds) {
  const int64_t whole = std::llround(std::max(0.0, seconds));
  const int64_t hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, rest);
  return fmt::format("{}:{:02}", minutes, rest);
}

std::string progress_text(std::string_view label, double fraction, double seconds, std::string_view note,
                          std::optional<double> seconds_left) {
  const std::string between = note.empty() ? "" : "  ";
  if (fraction < 0) return fmt::format("{}{}{}  {}", label, between, note, clock_text(seconds));
  std::string text = fmt::format("{} {:3.0f} %{}{}", label, 100 * std::min(fraction, 1.0), between, note);
  // The first moments tell nothing about the rest.
  const bool can_tell = fraction > 0 && (seconds >= 1 || fraction >= 0.05);
  if (can_tell) {
    text += fmt::format("  {} left", clock_text(seconds_left.value_or(seconds * (1 - fraction) / fraction)));
  }
  return text;
}

Progress::Progress(std::string label)
    : label_(std::move(label)),
      is_terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()),
      next_(start_) {
  if (!is_terminal_) next_ += 5s;
}

Progress::~Progress() { clear(); }

bool Progress::is_due() const { return Clock::now() >= next_; }

void Progress::update(double fraction, std::string_view note, std::optional<double> seconds_left) {
  if (!is_due()) return;
  const Clock::time_point now = Clock::now();
  const std::string text =
      visible(progress_text(label_, fraction, seconds(now - start_), note, seconds_left));
  if (is_terminal_) {
    steer_terminal(fmt::format("\r{}\x1b[K", fitting(text)));
    next_ = now + 100ms;
  } else {
    print_error(text + "\n");
    next_ = now + 10s;
  }
  is_shown_ = is_terminal_;
}

void Progress::say(std::string_view line) {
  clear();
  print_error(std::string(line) + "\n");
}

void Progress::clear() {
  if (!std::exchange(is_shown_, false)) return;
  steer_terminal("\r\x1b[K");
}

}  // namespace gradus::app

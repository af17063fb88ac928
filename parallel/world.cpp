#include "parallel/world.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <thread>
#include <utility>

#include "autograd/plural.hpp"

namespace gradus::parallel {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Turns of a waiting rank: at first it looks again at once, for most messages come within microseconds; then
/// it lets others have the core; then it sleeps a little, for it may share the core with the one it waits
/// for.
class Patience {
 public:
  void turn() {
    ++turns_;
    if (turns_ < 200) return;
    if (turns_ < 2000) {
      std::this_thread::yield();
    } else {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
  /// Whether it is time to look at what matters less.
  bool is_long() const { return turns_ >= 200 && turns_ % 64 == 0; }

 private:
  int64_t turns_ = 0;
};

std::string listed(const std::vector<std::string>& names) {
  std::string text = names.front();
  for (size_t i = 1; i < names.size(); ++i) text += (i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string spoken(double seconds) {
  if (seconds < 60) return fmt::format("{:g} {}", seconds, seconds == 1 ? "second" : "seconds");
  return fmt::format("{:g} {}", seconds / 60, seconds == 60 ? "minute" : "minutes");
}

class Alone : public World {
 public:
  Alone() : World(0, 1, {}) {}
  std::unique_ptr<Swap> swap(int64_t other, int64_t, std::span<const std::byte>,
                             std::span<std::byte>) override {
    fail<Error>("a swap with rank {}: this program is alone", other);
  }
  std::string name_of(int64_t rank) const override { return fmt::format("rank {}", rank); }

 private:
  void send_note(int64_t, Note) override {}
  int64_t receive_note(Note&) override { return -1; }
};

}  // namespace

World::World(int64_t rank, int64_t size, WorldOptions options)
    : rank_(rank),
      size_(size),
      options_(options),
      notes_(static_cast<size_t>(std::max<int64_t>(size, 0))),
      lost_(notes_.size()) {
  if (size < 1 || !std::has_single_bit(static_cast<uint64_t>(size)))
    fail<ValueError>("{} {} cannot share the work; take 1, 2, 4, 8 or another power of two", size,
                     plural(size, "rank"));
}

void World::wait(Swap& swap) {
  wait_for_all([&] { return swap.is_done() ? 0 : 1; });
}

void World::wait_for_all(const std::function<int64_t()>& go_on) {
  int64_t left = go_on();
  if (left == 0) return;
  const Clock::time_point begin = Clock::now();
  Clock::time_point news = begin;
  Patience patience;
  while (left != 0) {
    patience.turn();
    const int64_t before = std::exchange(left, go_on());
    if (left != before) {
      news = Clock::now();
      patience = {};
    } else if (patience.is_long()) {
      look_around();
      if (seconds_since(news) > options_.stall_seconds) roll_call();
    }
  }
  seconds_waited_ += seconds_since(begin);
}

/// Is there a reason not to wait any longer?
void World::look_around() {
  read_notes();
  bool asked = false;
  for (size_t r = 0; r < notes_.size(); ++r) {
    const auto rank = static_cast<int64_t>(r);
    asked = asked || notes_[r].kind == Kind::is_waiting;
    if (notes_[r].kind >= Kind::follows) fail<OtherRankFailed>("{} has failed", name_of(rank));
    if (rank == rank_ || is_alive(rank)) continue;
    read_notes();  // its last word may have come just before
    if (notes_[r].kind >= Kind::follows) fail<OtherRankFailed>("{} has failed", name_of(rank));
    lost_[r] = true;
    fail<RankLost>("{} is gone", name_of(rank));
  }
  if (asked) roll_call();
}

void World::read_notes() {
  for (Note note{};;) {
    const int64_t from = receive_note(note);
    if (from < 0) return;
    Note& last = notes_[static_cast<size_t>(from)];
    if (note.kind > last.kind) last = note;
  }
}

void World::tell_all(Note note) {
  notes_[static_cast<size_t>(rank_)] = note;
  for (int64_t other = 0; other < size_; ++other)
    if (other != rank_) send_note(other, note);
}

/// Nothing has come for long. Those that wait as well say so at once; who does not is the one that hangs.
void World::roll_call() {
  tell_all({Kind::is_waiting});
  const auto is_silent = [](const Note& note) { return note.kind == Kind::none; };
  const Clock::time_point begin = Clock::now();
  while (seconds_since(begin) < options_.answer_seconds && std::ranges::any_of(notes_, is_silent)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    read_notes();
  }
  std::vector<std::string> missing;
  for (size_t r = 0; r < notes_.size(); ++r) {
    if (is_silent(notes_[r])) missing.push_back(name_of(static_cast<int64_t>(r)));
    lost_[r] = is_silent(notes_[r]);
    if (notes_[r].kind == Kind::is_waiting) notes_[r].kind = Kind::none;  // farewell() hears it again
  }
  if (missing.empty())
    fail<RankLost>("no rank has got on for {}, and all of them wait for another",
                   spoken(options_.stall_seconds));
  fail<RankLost>("{} {} not answered for {}", listed(missing), missing.size() == 1 ? "has" : "have",
                 spoken(options_.stall_seconds));
}

bool World::leads() const {
  const auto there = std::ranges::find(lost_, false);
  return there - lost_.begin() == rank_;
}

World::Farewell World::farewell(bool failed, int code) {
  tell_all({failed ? Kind::failed : Kind::follows, code});
  const auto all_are_heard = [this] {
    read_notes();
    for (size_t r = 0; r < notes_.size(); ++r) {
      if (notes_[r].kind < Kind::follows && !lost_[r] && is_alive(static_cast<int64_t>(r))) return false;
    }
    return true;
  };
  const Clock::time_point begin = Clock::now();
  while (!all_are_heard() && seconds_since(begin) < options_.farewell_seconds)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto first = std::ranges::find_if(notes_, [](const Note& note) { return note.kind >= Kind::failed; });
  if (first == notes_.end()) return {.speaks = false, .code = code, .speaker = -1};
  const int64_t speaker = first - notes_.begin();
  return {.speaks = speaker == rank_, .code = first->code, .speaker = speaker};
}

void World::leave(const Farewell& farewell) {
  if (farewell.speaks) return tell_all({Kind::has_spoken, farewell.code});
  if (farewell.speaker < 0) return;
  const Note& note = notes_[static_cast<size_t>(farewell.speaker)];
  const Clock::time_point begin = Clock::now();
  while (note.kind != Kind::has_spoken && is_alive(farewell.speaker) &&
         seconds_since(begin) < options_.answer_seconds) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    read_notes();
  }
}

bool World::any(bool mine) {
  int64_t count = mine ? 1 : 0;
  add_up(std::span(&count, 1));
  return count > 0;
}

void World::broadcast(std::vector<std::byte>& bytes) {
  constexpr size_t most = size_t{1} << 26;  // of one message
  auto size = static_cast<int64_t>(rank_ == 0 ? bytes.size() : 0);
  add_up(std::span(&size, 1));
  bytes.resize(static_cast<size_t>(size));
  // Those that have it give it on: 0 to 1, then 0 and 1 to 2 and 3, then 0 to 3 to 4 to 7.
  for (size_t begin = 0; begin < bytes.size(); begin += most) {
    const std::span<std::byte> part = std::span(bytes).subspan(begin, std::min(most, bytes.size() - begin));
    int64_t tag = 32;
    for (int64_t bit = 1; bit < size_; bit *= 2, ++tag) {
      if (rank_ < bit) {
        wait(*swap(rank_ + bit, tag, part, {}));
      } else if (rank_ < 2 * bit) {
        wait(*swap(rank_ - bit, tag, {}, part));
      }
    }
  }
}

void World::broadcast(std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  std::vector<std::byte> whole(bytes.begin(), bytes.end());
  broadcast(whole);
  text.resize(whole.size());
  std::ranges::transform(whole, text.begin(), [](std::byte byte) { return static_cast<char>(byte); });
}

std::shared_ptr<World> alone() {
  static const std::shared_ptr<World> world = std::make_shared<Alone>();
  return world;
}

}  // namespace gradus::parallel

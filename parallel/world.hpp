/// @file
/// World: the ranks of a run and how they talk. A rank is a process, or in one program a thread, that has the
/// whole model and a part of each step's rows.
///
/// All that ranks say to each other is made of one thing, a swap of bytes between two of them, so that sums
/// are added in an order of our own: a tree over the ranks, first neighbours, then pairs of neighbours. That
/// order is the same on any number of ranks (parallel/gradient_sum.hpp says how), and so are the bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "autograd/error.hpp"

namespace gradus::parallel {

/// Another rank has failed, and says why itself: this one has nothing to say.
struct OtherRankFailed : Error {
  using Error::Error;
};
/// A rank has ended without a word, or not answered for too long.
struct RankLost : Error {
  using Error::Error;
};

/// A message out and a message in, both on their way.
class Swap {
 public:
  virtual ~Swap() = default;
  virtual bool is_done() = 0;

 protected:
  Swap() = default;
  Swap(const Swap&) = delete;
  Swap& operator=(const Swap&) = delete;
};

struct WorldOptions {
  double stall_seconds = 600;    ///< how long a rank waits for another before it asks who is still there
  double answer_seconds = 10;    ///< how long it waits for the answers
  double farewell_seconds = 60;  ///< how long one that failed waits for the others to save what they have
};

class World {
 public:
  virtual ~World() = default;

  int64_t rank() const { return rank_; }  ///< 0 to size() - 1; rank 0 writes and speaks
  int64_t size() const { return size_; }  ///< a power of two
  /// Whether this is the lowest rank that is not known to be gone: rank 0, as long as it is there.
  bool leads() const;

  /// Sends `out` to `other` and receives `in` from it, which does the same the other way round with the same
  /// `tag`, from 0 up to most_tags. Swaps of one tag between two ranks are matched in the order in which they
  /// were begun. Both spans must stay as they are until the swap is done.
  virtual std::unique_ptr<Swap> swap(int64_t other, int64_t tag, std::span<const std::byte> out,
                                     std::span<std::byte> in) = 0;
  static constexpr int64_t most_tags = 32768;
  static constexpr int64_t own_tags = 64;  ///< the first ones are for what stands below

  /// @throws OtherRankFailed if a rank said so meanwhile; RankLost if one is gone, or nothing has come for
  /// stall_seconds and some rank does not answer.
  void wait(Swap& swap);
  /// The same for several swaps: `go_on` does what can be done without waiting, and says how much is left.
  void wait_for_all(const std::function<int64_t()>& go_on);
  double seconds_waited() const { return seconds_waited_; }  ///< in both, so far

  /// Every rank gets the sum of all ranks' values, added along the tree.
  template <class T>
  void add_up(std::span<T> values);
  bool any(bool mine);  ///< Whether it is true on some rank.
  void barrier() { any(false); }
  /// Every rank gets the bytes of rank 0, or its text.
  void broadcast(std::vector<std::byte>& bytes);
  void broadcast(std::string& text);

  struct Farewell {
    bool speaks;      ///< this rank is the one to say why: the lowest with a reason of its own
    int code;         ///< that rank's exit code
    int64_t speaker;  ///< that rank; -1: none has a reason
  };
  /// Tells the others that this rank ends early, and waits until all have said so, or farewell_seconds.
  /// `failed` is true if it has a reason of its own, and would end with `code`.
  Farewell farewell(bool failed, int code = 1);
  /// The speaker has spoken, and the others wait until it has: a launcher ends all ranks once one has ended.
  void leave(const Farewell& farewell);

  /// "rank 3 (process 1234 on host)".
  virtual std::string name_of(int64_t rank) const = 0;

 protected:
  /// @throws ValueError if `size` is not a power of two.
  World(int64_t rank, int64_t size, WorldOptions options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// What a rank says beside its swaps.
  struct Note {
    enum class Kind : int32_t { none, is_waiting, follows, failed, has_spoken };  ///< in rising order
    Kind kind = Kind::none;
    int32_t code = 0;
  };
  using Kind = Note::Kind;
  virtual void send_note(int64_t other, Note note) = 0;
  /// Takes a note that has come: its sender, or -1 if there is none.
  virtual int64_t receive_note(Note& note) = 0;
  /// Whether the rank is still there, as far as this one can tell.
  virtual bool is_alive(int64_t) const { return true; }

 private:
  void read_notes();
  void look_around();
  void tell_all(Note note);
  [[noreturn]] void roll_call();

  int64_t rank_, size_;
  WorldOptions options_;
  std::vector<Note> notes_;  // the last one of each rank
  std::vector<bool> lost_;   // the ranks that went without one
  double seconds_waited_ = 0;
};

/// The world of a program that is alone. @throws Error for a swap: there is nobody.
std::shared_ptr<World> alone();

template <class T>
void World::add_up(std::span<T> values) {
  static_assert(std::is_arithmetic_v<T>);
  std::vector<T> theirs(values.size());
  for (int64_t bit = 1, tag = 0; bit < size_; bit *= 2, ++tag) {
    const std::vector<T> mine(values.begin(), values.end());
    wait(*swap(rank_ ^ bit, tag, std::as_bytes(std::span(mine)), std::as_writable_bytes(std::span(theirs))));
    for (size_t i = 0; i < values.size(); ++i) values[i] += theirs[i];
  }
}

}  // namespace gradus::parallel

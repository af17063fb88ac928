/// @file
/// A sum along a tree: log2 N rounds of halving, log2 N rounds of doubling. And the tree of parts that come
/// one after the other.
#pragma once

#include "ring.hpp"

namespace gradus::tutorials::many_workers {

/// What a worker has after each round: all, then a half, a quarter, ... In round l it talks with the worker
/// whose number differs in bit l. Both have the same stretch; the one with a 0 in this bit keeps its lower
/// half, the other one the upper half.
inline std::vector<Range> halves_of(int64_t rank, int64_t workers, int64_t n) {
  std::vector<Range> halves = {{0, n}};
  for (int64_t bit = 1; bit < workers; bit *= 2) {
    const Range all = halves.back();
    const int64_t middle = (all.begin + all.end) / 2;
    halves.push_back((rank & bit) == 0 ? Range{all.begin, middle} : Range{middle, all.end});
  }
  return halves;
}

/// What `half` leaves of `all`.
inline Range rest_of(const Range& all, const Range& half) {
  return half.begin == all.begin ? Range{half.end, all.end} : Range{all.begin, half.begin};
}

template <class T>
void sum_along_tree(Talk& talk, std::vector<T>& values) {
  const std::vector<Range> halves = halves_of(talk.rank(), talk.size(), std::ssize(values));
  const auto rounds = static_cast<int64_t>(halves.size()) - 1;
  for (int64_t l = 0; l < rounds; ++l) {
    const Range all = halves[static_cast<size_t>(l)], kept = halves[static_cast<size_t>(l + 1)];
    const int64_t partner = talk.rank() ^ (int64_t{1} << l);
    std::vector<T> theirs(static_cast<size_t>(kept.size()));
    talk.exchange<T>(partner, part(values, rest_of(all, kept)), partner, theirs);
    const std::span<T> mine = part(values, kept);
    for (size_t i = 0; i < mine.size(); ++i) mine[i] = mine[i] + theirs[i];
  }
  for (int64_t l = rounds - 1; l >= 0; --l) {  // and back, with the same partners
    const Range all = halves[static_cast<size_t>(l)], had = halves[static_cast<size_t>(l + 1)];
    const int64_t partner = talk.rank() ^ (int64_t{1} << l);
    talk.exchange<T>(partner, part(values, had), partner, part(values, rest_of(all, had)));
  }
}

/// Adds parts along a tree as they come. What waits are sums of 1, 2, 4 ... parts, no two of one size: a
/// counter in base two. After 2^L parts one sum is left.
class Counter {
 public:
  void push(Flat part) {
    for (int64_t before = parts_++; before % 2 == 1; before /= 2) {  // a carry
      part = plus(waiting_.back(), part);
      waiting_.pop_back();
    }
    waiting_.push_back(std::move(part));
  }
  const std::vector<Flat>& waiting() const { return waiting_; }

 private:
  std::vector<Flat> waiting_;  // the largest first
  int64_t parts_ = 0;
};

}  // namespace gradus::tutorials::many_workers

/// @file
/// TreeStack: a sum along a binary tree whose leaves come one after the other.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace gradus::parallel {

/// Adds leaves 0, 1, 2 ... as a counter in base two carries: what has come is kept as sums of 1, 2, 4 ...
/// leaves, and two of one size become one of the next. After 2^L leaves there is one, the sum along the whole
/// tree. `Add` is called as add(older, newer) and gives their sum.
template <class T, class Add>
class TreeStack {
 public:
  explicit TreeStack(Add add) : add_(std::move(add)) {}

  void push(T leaf) {
    size_t level = 0;
    for (; level < sums_.size() && sums_[level]; ++level) {
      leaf = add_(*sums_[level], leaf);
      sums_[level].reset();
    }
    if (level == sums_.size()) sums_.emplace_back();
    sums_[level] = std::move(leaf);
  }

  /// The sum of all, the youngest first. Nothing if there was no leaf.
  std::optional<T> sum() const {
    std::optional<T> total;
    for (const std::optional<T>& sum : sums_)
      if (sum) total = total ? add_(*sum, *total) : *sum;
    return total;
  }

 private:
  Add add_;
  std::vector<std::optional<T>> sums_;  // of 1, 2, 4 ... leaves
};

}  // namespace gradus::parallel

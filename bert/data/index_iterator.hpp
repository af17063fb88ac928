/// @file
/// An iterator over anything that gives its elements by number and by value.
#pragma once

#include <compare>
#include <cstddef>
#include <iterator>

namespace gradus::bert {

/// Element `i` is `Value(view[i])`, for lists that keep their elements in another form than they show. It
/// holds the view itself, a small thing such as a pointer.
template <class View, class Value>
class IndexIterator {
 public:
  using iterator_concept = std::random_access_iterator_tag;
  using iterator_category = std::random_access_iterator_tag;
  using value_type = Value;
  using difference_type = std::ptrdiff_t;
  using reference = Value;
  using pointer = void;

  IndexIterator() = default;
  IndexIterator(View view, difference_type at) : view_(view), at_(at) {}

  Value operator*() const { return Value(view_[static_cast<size_t>(at_)]); }
  Value operator[](difference_type n) const { return *(*this + n); }
  IndexIterator& operator+=(difference_type n) {
    at_ += n;
    return *this;
  }
  IndexIterator& operator-=(difference_type n) { return *this += -n; }
  IndexIterator& operator++() { return *this += 1; }
  IndexIterator& operator--() { return *this -= 1; }
  IndexIterator operator++(int) { return {view_, at_++}; }
  IndexIterator operator--(int) { return {view_, at_--}; }
  friend IndexIterator operator+(IndexIterator i, difference_type n) { return i += n; }
  friend IndexIterator operator+(difference_type n, IndexIterator i) { return i += n; }
  friend IndexIterator operator-(IndexIterator i, difference_type n) { return i -= n; }
  friend difference_type operator-(const IndexIterator& a, const IndexIterator& b) { return a.at_ - b.at_; }
  friend bool operator==(const IndexIterator& a, const IndexIterator& b) { return a.at_ == b.at_; }
  friend auto operator<=>(const IndexIterator& a, const IndexIterator& b) { return a.at_ <=> b.at_; }

 private:
  View view_ = {};
  difference_type at_ = 0;
};

}  // namespace gradus::bert

/// @file
/// TokenIds: a view of token ids of two or of four bytes, as they lie in memory or in a mapped file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "bert/data/index_iterator.hpp"

namespace gradus::bert {

/// Reads as a span of int32_t. A vocabulary of at most 65,536 pieces needs two bytes an id.
class TokenIds {
 public:
  using iterator = IndexIterator<TokenIds, int32_t>;

  TokenIds() = default;
  TokenIds(std::span<const int32_t> ids) : wide_(ids.data()), size_(ids.size()) {}        // NOLINT: as a span
  TokenIds(std::span<const uint16_t> ids) : narrow_(ids.data()), size_(ids.size()) {}     // NOLINT
  TokenIds(const std::vector<int32_t>& ids) : TokenIds(std::span<const int32_t>(ids)) {}  // NOLINT

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int32_t operator[](size_t i) const { return narrow_ != nullptr ? int32_t{narrow_[i]} : wide_[i]; }
  TokenIds subspan(size_t begin, size_t count) const {
    TokenIds part;
    if (narrow_ != nullptr)
      part.narrow_ = narrow_ + begin;
    else
      part.wide_ = wide_ + begin;
    part.size_ = count;
    return part;
  }

  iterator begin() const;
  iterator end() const;

  friend bool operator==(const TokenIds& a, const TokenIds& b);

 private:
  const int32_t* wide_ = nullptr;
  const uint16_t* narrow_ = nullptr;
  size_t size_ = 0;
};

inline TokenIds::iterator TokenIds::begin() const { return {*this, 0}; }
inline TokenIds::iterator TokenIds::end() const { return {*this, static_cast<std::ptrdiff_t>(size_)}; }
inline bool operator==(const TokenIds& a, const TokenIds& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace gradus::bert

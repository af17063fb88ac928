/// @file
/// PlannedRows: which pieces the rows of an epoch are made of, in 16 bytes a row, since a large text has
/// millions.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/random.hpp"
#include "bert/data/index_iterator.hpp"

namespace gradus::bert {

/// The label of a row without an answer: one-segment rows have no NSP label.
inline constexpr int64_t no_label = -100;

/// Which pieces a row is made of: A = [a_begin, a_end) and B = [b_begin, b_end) of the corpus' ids, cut to
/// fit.
struct ExamplePlan {
  int64_t a_begin = 0, a_end = 0, b_begin = 0, b_end = 0;
  int64_t next_sentence_label = no_label;
  bool operator==(const ExamplePlan&) const = default;
};

/// A list of ExamplePlans. It takes and gives them whole, and keeps places of 40 bits, lengths of 23 and the
/// label.
class PlannedRows {
 public:
  static constexpr int64_t most_tokens = int64_t{1} << 40;    ///< of a corpus
  static constexpr int64_t longest = (int64_t{1} << 23) - 1;  ///< of A and of B

  void push_back(const ExamplePlan& row) {
    const int64_t a = row.a_end - row.a_begin, b = row.b_end - row.b_begin;
    if (a > longest || b > longest || row.a_begin >= most_tokens || row.b_begin >= most_tokens)
      fail<ValueError>("a row of {} and {} pieces is longer than {}, or its text longer than {} tokens", a, b,
                       longest, most_tokens);
    rows_.push_back({static_cast<uint64_t>(row.a_begin), static_cast<uint64_t>(a),
                     row.next_sentence_label != no_label, static_cast<uint64_t>(row.b_begin),
                     static_cast<uint64_t>(b), row.next_sentence_label == 1});
  }
  void reserve(int64_t rows) { rows_.reserve(static_cast<size_t>(rows)); }
  void shuffle(Rng& rng) { rng.shuffle(rows_); }

  size_t size() const { return rows_.size(); }
  ExamplePlan operator[](size_t i) const { return ExamplePlan(rows_[i]); }
  auto begin() const { return iterator(rows_.data(), 0); }
  auto end() const { return iterator(rows_.data(), static_cast<std::ptrdiff_t>(rows_.size())); }
  bool operator==(const PlannedRows&) const = default;

 private:
  struct Packed {
    uint64_t a_begin : 40, a_size : 23, has_label : 1;
    uint64_t b_begin : 40, b_size : 23, is_random : 1;
    bool operator==(const Packed&) const = default;
    explicit operator ExamplePlan() const {
      const auto a = static_cast<int64_t>(a_begin), b = static_cast<int64_t>(b_begin);
      return {a, a + static_cast<int64_t>(a_size), b, b + static_cast<int64_t>(b_size),
              has_label != 0 ? static_cast<int64_t>(is_random) : no_label};
    }
  };
  static_assert(sizeof(Packed) == 16);
  using iterator = IndexIterator<const Packed*, ExamplePlan>;

  std::vector<Packed> rows_;
};

}  // namespace gradus::bert

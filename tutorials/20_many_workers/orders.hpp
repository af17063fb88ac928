/// @file
/// The same parts, added in three orders.
#pragma once

#include <array>
#include <bit>
#include <string>

#include "net.hpp"

namespace gradus::tutorials::many_workers {

inline Flat plus(Flat a, const Flat& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

/// ((p0 + p1) + p2) + p3 ...
inline Flat in_turn(const std::vector<Flat>& parts) {
  Flat total = parts[0];
  for (size_t s = 1; s < parts.size(); ++s) total = plus(total, parts[s]);
  return total;
}

/// (p0 + p1) + (p2 + p3) ..., of a power of two of parts.
inline Flat along_tree(const std::vector<Flat>& parts) {
  if (parts.size() == 1) return parts[0];
  const auto middle = parts.begin() + static_cast<std::ptrdiff_t>(parts.size() / 2);
  return plus(along_tree({parts.begin(), middle}), along_tree({middle, parts.end()}));
}

/// Piece c of N of an array: its elements [c n / N, (c + 1) n / N). `c` may be below 0 or above N: round and
/// round.
inline Range piece_of(int64_t c, int64_t N, int64_t n) {
  c = (c % N + N) % N;
  return {c * n / N, (c + 1) * n / N};
}

/// As a ring adds: piece c begins with part c, goes on with part c + 1, and comes round to part c - 1.
inline Flat around_ring(const std::vector<Flat>& parts) {
  const auto N = static_cast<int64_t>(parts.size()), n = static_cast<int64_t>(parts[0].size());
  Flat total(parts[0].size());
  for (int64_t c = 0; c < N; ++c) {
    const Range piece = piece_of(c, N, n);
    for (int64_t i = piece.begin; i < piece.end; ++i) {
      float sum = parts[static_cast<size_t>(c)][static_cast<size_t>(i)];
      for (int64_t k = 1; k < N; ++k) sum += parts[static_cast<size_t>((c + k) % N)][static_cast<size_t>(i)];
      total[static_cast<size_t>(i)] = sum;
    }
  }
  return total;
}

/// How many elements of [begin, end) have different bits.
inline int64_t different(const Flat& a, const Flat& b, const Range& range) {
  int64_t count = 0;
  for (auto i = static_cast<size_t>(range.begin); i < static_cast<size_t>(range.end); ++i)
    count += std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i]);
  return count;
}
inline int64_t different(const Flat& a, const Flat& b) {
  return different(a, b, {0, static_cast<int64_t>(a.size())});
}

/// Whether every element of `sum` is as near to the exact sum as K - 1 roundings allow: within
/// (K - 1) u (|p0| + |p1| + ...), where u = 2^-24 is half of the gap between neighbours at 1.
inline bool is_near(const Flat& sum, const std::vector<Flat>& parts) {
  const double most = 1.0001 * static_cast<double>(parts.size() - 1) * std::exp2(-24);
  for (size_t i = 0; i < sum.size(); ++i) {
    double exact = 0, sizes = 0;
    for (const Flat& part : parts) exact += part[i], sizes += std::abs(part[i]);
    if (std::abs(sum[i] - exact) > most * sizes) return false;
  }
  return true;
}

/// A number that only says how it was added up, such as "(0+1)+2". It can be sent like any other.
struct Term {
  std::array<char, 40> text = {};

  static Term of(std::string_view words) {
    Term term;
    words.copy(term.text.data(), term.text.size() - 1);
    return term;
  }
  std::string say() const { return text.data(); }
  Term operator+(const Term& other) const {
    const auto wrapped = [](const std::string& a) { return a.size() == 1 ? a : "(" + a + ")"; };
    return of(wrapped(say()) + "+" + wrapped(other.say()));
  }
};

}  // namespace gradus::tutorials::many_workers

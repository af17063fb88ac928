/// @file
/// A sum around a ring: each worker sends to the next one only, and hears from the one before.
#pragma once

#include "orders.hpp"
#include "talk.hpp"

namespace gradus::tutorials::many_workers {

/// The elements of a range, to be sent or to be written.
template <class T>
std::span<T> part(std::vector<T>& values, const Range& range) {
  return std::span(values).subspan(static_cast<size_t>(range.begin), static_cast<size_t>(range.size()));
}

/// N - 1 rounds. In each a worker sends one of N pieces on, and adds its own to the piece that comes. In the
/// end worker r has the whole sum of piece r + 1.
template <class T>
void ring_scatter(Talk& talk, std::vector<T>& values) {
  const int64_t N = talk.size(), r = talk.rank(), n = std::ssize(values);
  for (int64_t round = 0; round + 1 < N; ++round) {
    const Range out = piece_of(r - round, N, n), in = piece_of(r - round - 1, N, n);
    std::vector<T> theirs(static_cast<size_t>(in.size()));
    talk.exchange<T>((r + 1) % N, part(values, out), (r + N - 1) % N, theirs);
    const std::span<T> mine = part(values, in);
    for (size_t i = 0; i < mine.size(); ++i) mine[i] = theirs[i] + mine[i];
  }
}

/// N - 1 rounds once more: the finished pieces go round, and nothing is added.
template <class T>
void ring_gather(Talk& talk, std::vector<T>& values) {
  const int64_t N = talk.size(), r = talk.rank(), n = std::ssize(values);
  for (int64_t round = 0; round + 1 < N; ++round) {
    const Range out = piece_of(r + 1 - round, N, n), in = piece_of(r - round, N, n);
    talk.exchange<T>((r + 1) % N, part(values, out), (r + N - 1) % N, part(values, in));
  }
}

template <class T>
void sum_around_ring(Talk& talk, std::vector<T>& values) {
  ring_scatter(talk, values);
  ring_gather(talk, values);
}

}  // namespace gradus::tutorials::many_workers

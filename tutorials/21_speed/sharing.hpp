/// @file
/// Chapter 21: work that threads share, in pieces that do not depend on how many threads there are.
#pragma once

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "fusing.hpp"
#include "products.hpp"

namespace gradus::tutorials::speed {

/// Calls body(piece) for each piece 0, 1, ... once. Whoever is free takes the next one, so nobody knows who
/// computes what, or when.
inline void share_out(int64_t pieces, int threads, const std::function<void(int64_t)>& body) {
  std::atomic<int64_t> next = 0;
  const auto work = [&] {
    for (int64_t piece = next++; piece < pieces; piece = next++) body(piece);
  };
  std::vector<std::thread> others;
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();  // this thread is one of them
  for (std::thread& other : others) other.join();
}

constexpr int64_t rows_of_piece = 64;

/// c = a b, 64 rows of c a piece. No two pieces write the same number, and none reads what another one
/// writes.
inline void product_by_threads(const float* a, const float* b, float* c, Sizes s, int threads) {
  share_out((s.m + rows_of_piece - 1) / rows_of_piece, threads, [&](int64_t piece) {
    const int64_t i0 = piece * rows_of_piece, i1 = std::min(i0 + rows_of_piece, s.m);
    in_register_tiles(a + i0 * s.k, b, c + i0 * s.n, {i1 - i0, s.n, s.k});
  });
}

inline float sum_of(const float* begin, const float* end) {
  float sum = 0;
  for (const float* x = begin; x < end; ++x) sum += *x;
  return sum;
}

/// How a sum is cut: into pieces of 4096 numbers whoever adds them, or (bug of the museum) into one stretch
/// for each thread.
enum class Cut { fixed, by_threads };

/// The sum of x: each piece's own, and then these, in the order of the pieces.
inline float sum_by_threads(const std::vector<float>& x, int threads, Cut cut = Cut::fixed) {
  const auto n = static_cast<int64_t>(x.size());
  const int64_t size = cut == Cut::fixed ? 4096 : (n + threads - 1) / threads, pieces = (n + size - 1) / size;
  std::vector<float> sums(static_cast<size_t>(pieces));
  share_out(pieces, threads, [&](int64_t piece) {
    const float* begin = x.data() + piece * size;
    sums[static_cast<size_t>(piece)] = sum_of(begin, x.data() + std::min(n, (piece + 1) * size));
  });
  return sum_of(sums.data(), sums.data() + pieces);
}

/// How many times as fast N threads are when a share of the work is done by one thread while the others wait
/// (Amdahl 1967).
inline double speed_up(double serial_share, double N) { return 1 / (serial_share + (1 - serial_share) / N); }

/// The other way round: the share that two measured times, on one thread and on two, speak of.
inline double serial_share(double on_one, double on_two) { return 2 * on_two / on_one - 1; }

/// Seconds of a product that N threads share and of a GELU that somebody forgot to share out.
struct Together {
  std::vector<float> a, b, c, bias, y, slope;
  Sizes s;
  explicit Together(Sizes sizes)
      : a(static_cast<size_t>(sizes.m * sizes.k), 0.5F),
        b(static_cast<size_t>(sizes.k * sizes.n), 0.25F),
        c(static_cast<size_t>(sizes.m * sizes.n)),
        bias(static_cast<size_t>(sizes.n)),
        y(c.size()),
        slope(c.size()),
        s(sizes) {}
  void shared(int threads) { product_by_threads(a.data(), b.data(), c.data(), s, threads); }
  void alone() { bias_gelu_in_one(c.data(), bias.data(), y.data(), slope.data(), s.m, s.n); }
};

}  // namespace gradus::tutorials::speed

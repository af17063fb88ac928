/// @file
/// Random numbers that depend on a seed and a position only, never on what was drawn before or on threads.
///
/// Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", section 3.3) turns a
/// 128-bit counter and a 64-bit key into 128 random bits. Any thread can make any element, and a run that is
/// resumed goes on with the same numbers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace gradus {

/// Four random words from a counter and a key: the Philox 4x32-10 block function.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// A stream of random numbers. Its whole state is three integers, so it is saved and restored with a
/// checkpoint; the words of the last block are kept beside them, for a block is made whole.
///
///     Rng rng(42);                    // the same seed gives the same numbers on every machine
///     double u = rng.uniform();       // in [0, 1)
///     Rng other = rng.split(7);       // an independent stream, for example that of epoch 7
class Rng {
 public:
  explicit Rng(uint64_t seed = 0, uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  uint32_t bits32();           ///< 32 random bits.
  uint64_t bits64();           ///< 64 random bits.
  uint64_t below(uint64_t n);  ///< A whole number in [0, n), without bias. @throws ValueError if n is 0.
  int64_t between(int64_t low,
                  int64_t high);  ///< A whole number in [low, high]. @throws ValueError if low > high.
  double uniform();               ///< A real number in [0, 1), with 53 random bits.
  double normal();                ///< A standard normal number (Box-Muller).
  bool chance(double p) { return uniform() < p; }  ///< True with probability p.

  /// Fisher-Yates: every order of `values` is equally likely.
  template <class T>
  void shuffle(std::vector<T>& values) {
    for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

  /// An independent stream named by `id`. It depends on this stream's seed and name, not on what was drawn.
  Rng split(uint64_t id) const;

  struct State {
    uint64_t seed, stream, position;
    bool operator==(const State&) const = default;
  };
  State state() const { return {seed_, stream_, position_}; }
  static Rng from_state(const State& state);

 private:
  uint64_t seed_, stream_;
  uint64_t position_ = 0;        ///< words of 32 bits drawn so far
  uint64_t block_ = UINT64_MAX;  ///< whose words these are; none has this number
  std::array<uint32_t, 4> words_ = {};
};

/// The generator that layers draw from when they are given none, for dropout's seeds. Each thread has its
/// own, which begins with seed 0, so that two models trained side by side do not disturb each other. A
/// checkpoint saves its state(), and a resumed run puts it back: `default_rng() = Rng::from_state(state)`.
Rng& default_rng();

/// Restarts the default_rng() of this thread from `seed`.
void manual_seed(uint64_t seed);

/// A cheap hash of (seed, index) to 32 bits, for dropout: two multiply-xorshift rounds. About ten times
/// faster than Philox and good enough for a mask (its mean and its neighbours' independence are tested).
inline uint32_t counter_hash(uint64_t seed, uint64_t index) {
  uint32_t x = static_cast<uint32_t>(index) ^ static_cast<uint32_t>(seed);
  x ^= static_cast<uint32_t>(index >> 32) * 0x9E3779B9u;
  x = (x ^ (x >> 16)) * 0x7FEB352Du;
  x = (x ^ (x >> 15) ^ static_cast<uint32_t>(seed >> 32)) * 0x846CA68Bu;
  return x ^ (x >> 16);
}

}  // namespace gradus

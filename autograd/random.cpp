#include "autograd/random.hpp"

#include <cmath>
#include <numbers>

#include "autograd/error.hpp"

namespace gradus {

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  // Multipliers and Weyl constants: Salmon et al. 2011, table 2 and section 3.3.
  constexpr uint64_t m0 = 0xD2511F53, m1 = 0xCD9E8D57;
  constexpr uint32_t w0 = 0x9E3779B9, w1 = 0xBB67AE85;
  auto [c0, c1, c2, c3] = counter;
  auto [k0, k1] = key;
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = m0 * c0, p1 = m1 * c2;
    c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
    c1 = static_cast<uint32_t>(p1);
    c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c3 = static_cast<uint32_t>(p0);
    k0 += w0, k1 += w1;
  }
  return {c0, c1, c2, c3};
}

uint32_t Rng::bits32() {
  if (const uint64_t block = position_ / 4; block != block_) {
    words_ = philox({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32),
                     static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)},
                    {static_cast<uint32_t>(seed_), static_cast<uint32_t>(seed_ >> 32)});
    block_ = block;
  }
  return words_[position_++ % 4];
}

uint64_t Rng::bits64() {
  const uint64_t high = bits32();
  return high << 32 | bits32();
}

uint64_t Rng::below(uint64_t n) {
  if (n == 0) fail<ValueError>("Rng::below: there is no whole number below 0");
  // Numbers from the last, incomplete run of n values would favour the small ones: draw again.
  const uint64_t limit = UINT64_MAX - UINT64_MAX % n;
  for (;;) {
    const uint64_t x = bits64();
    if (x < limit) return x % n;
  }
}

int64_t Rng::between(int64_t low, int64_t high) {
  if (high < low) fail<ValueError>("Rng::between: [{}, {}] is empty", low, high);
  // In unsigned numbers, since high - low may be more than an int64 holds.
  const uint64_t from = static_cast<uint64_t>(low), steps = static_cast<uint64_t>(high) - from;
  return static_cast<int64_t>(from + (steps == UINT64_MAX ? bits64() : below(steps + 1)));
}

double Rng::uniform() { return static_cast<double>(bits64() >> 11) * 0x1p-53; }

double Rng::normal() {
  const double u = 1 - uniform(), v = uniform();  // u in (0, 1], so that its logarithm is finite
  return std::sqrt(-2 * std::log(u)) * std::cos(2 * std::numbers::pi * v);
}

Rng Rng::split(uint64_t id) const {
  const auto words = philox({static_cast<uint32_t>(id), static_cast<uint32_t>(id >> 32),
                             static_cast<uint32_t>(stream_), static_cast<uint32_t>(stream_ >> 32)},
                            {static_cast<uint32_t>(~seed_), static_cast<uint32_t>(~seed_ >> 32)});
  return Rng(seed_, static_cast<uint64_t>(words[0]) << 32 | words[1]);
}

Rng Rng::from_state(const State& state) {
  Rng rng(state.seed, state.stream);
  rng.position_ = state.position;
  return rng;
}

Rng& default_rng() {
  thread_local Rng rng;
  return rng;
}

void manual_seed(uint64_t seed) { default_rng() = Rng(seed); }

}  // namespace gradus

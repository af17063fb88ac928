#include "autograd/random.hpp"

#include <cmath>
#include <set>

#include "autograd/error.hpp"
#include "support/catch.hpp"

using namespace gradus;

TEST_CASE("philox gives the known answers of Random123") {
  // kat_vectors of the Random123 distribution, philox4x32, 10 rounds.
  CHECK(philox({0, 0, 0, 0}, {0, 0}) ==
        std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("an Rng restored from its state goes on with the same numbers") {
  Rng a(1, 2);
  for (int i = 0; i < 7; ++i) a.bits32();
  Rng b = Rng::from_state(a.state());
  for (int i = 0; i < 9; ++i) CHECK(a.bits64() == b.bits64());
}

TEST_CASE("streams split from one Rng differ and do not depend on what was drawn") {
  Rng a(5);
  const uint64_t first = a.split(3).bits64();
  a.bits64();
  CHECK(a.split(3).bits64() == first);
  CHECK(a.split(4).bits64() != first);
}

TEST_CASE("split gives known answers") {
  // From the definition, computed apart from this code: the new stream is the first two words of
  // philox(id and stream, complement of the seed).
  struct Known {
    uint64_t seed, stream, id, split, first;
  };
  for (const Known& k :
       {Known{0x0, 0x0, 0x0, 0x72a4770915474739, 0xee675caa3911768d},
        Known{0x1, 0x0, 0x7, 0x27f2f13d92a4fc55, 0x6c201ae5049266ea},
        Known{0x0123456789abcdef, 0x0, 0xfedcba9876543210, 0x694219d0e60467a7, 0x2bd33f5508b86816},
        Known{0x0123456789abcdef, 0x1122334455667788, 0x3, 0x6cf260c271c3d586, 0xa389e4b21374c4f2}}) {
    Rng rng(k.seed, k.stream);
    rng.bits32();
    Rng other = rng.split(k.id);
    CHECK(other.state() == Rng::State{k.seed, k.split, 0});
    CHECK(other.bits64() == k.first);
  }
  CHECK(Rng(5).split(3).split(4).state() == Rng::State{5, 0x7859dc199019dd31, 0});
}

TEST_CASE("uniform, normal and below have the right moments") {
  Rng rng(11);
  const int n = 200000;
  double sum = 0, squares = 0, normal_sum = 0, normal_squares = 0;
  std::array<int, 7> counts{};
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform(), z = rng.normal();
    sum += u, squares += u * u, normal_sum += z, normal_squares += z * z;
    ++counts[rng.below(7)];
  }
  CHECK(std::abs(sum / n - 0.5) < 0.003);
  CHECK(std::abs(squares / n - 1.0 / 3) < 0.003);
  CHECK(std::abs(normal_sum / n) < 0.01);
  CHECK(std::abs(normal_squares / n - 1) < 0.015);
  for (int count : counts) CHECK(std::abs(count / (n / 7.0) - 1) < 0.03);
  CHECK_THROWS_WITH(rng.below(0), "Rng::below: there is no whole number below 0");
}

TEST_CASE("below favours no number where n is no divisor of 2^64") {
  // With n = 3 * 2^62, numbers from the last, incomplete run would make every second one smaller than 2^62.
  Rng rng(12);
  constexpr uint64_t quarter = uint64_t{1} << 62;
  const int draws = 3000;
  std::array<int, 3> counts{};
  for (int i = 0; i < draws; ++i) ++counts[rng.below(3 * quarter) / quarter];
  for (const int count : counts) CHECK(std::abs(count - draws / 3) < 100);  // four standard deviations
}

TEST_CASE("between reaches both of its ends") {
  Rng rng(3);
  std::set<int64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(rng.between(-2, 2));
  CHECK(seen == std::set<int64_t>{-2, -1, 0, 1, 2});
}

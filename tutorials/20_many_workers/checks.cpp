// What the exercises of chapter 20 are held to.
#include <cmath>
#include <string>

#include "autograd/random.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::many_workers;

using Weights = std::vector<double>;

void weights(Check& check) {
  const auto close = [&](const std::string& what, const std::vector<int64_t>& asked, const Weights& want,
                         const std::string& hint) {
    const Weights got = weights_of_means(asked);
    bool right = got.size() == want.size();
    for (size_t w = 0; right && w < want.size(); ++w) right = std::abs(got[w] - want[w]) < 1e-12;
    check.that(what, right, fmt::format("{} and not {}", got, want), hint);
  };
  close("1 and 3 places", {1, 3}, {0.25, 0.75},
        "four places, each a quarter of the mean; the second worker has three of them, and its mean has "
        "divided "
        "by 3 already, so its weight is not one over anything");
  close("4, 4 places", {4, 4}, {0.5, 0.5}, "equal shares: here the mean of means is right");
  close("6, 1, 4 and 9 places", {6, 1, 4, 9}, {0.3, 0.05, 0.2, 0.45},
        "the places of this worker over those of all; whole numbers divide to whole numbers, so make one of "
        "them "
        "a double first");
  close("5, 0 and 5 places", {5, 0, 5}, {0.5, 0, 0.5},
        "nothing is asked of the second one: it counts nothing");
  close("nothing is asked at all", {0, 0}, {0, 0}, "0 / 0 is not a number: say 0 yourself");
  close("2 places for a single worker", {2}, {1}, "alone, its mean is the mean");
}

std::string told(const Round& round) {
  return fmt::format("with {}, keeps [{}, {})", round.partner, round.begin, round.end);
}

void halving(Check& check) {
  const auto round = [&](int64_t rank, int64_t workers, int64_t length, size_t l, const Round& want,
                         const std::string& hint) {
    const std::vector<Round> got = rounds_of_halving(rank, workers, length);
    const std::string what = fmt::format("worker {} of {}, {} numbers, round {}", rank, workers, length, l);
    if (l >= got.size()) {
      check.that(what, false, fmt::format("only {} rounds", got.size()),
                 "2 to the power of rounds is the workers");
      return;
    }
    check.equal(
        what, told(got[l]), told(want),
        got[l].partner == want.partner
            ? hint
            : fmt::format("the partner's number is {} with bit {} turned over; turned over, not added: "
                          "the partner of the partner is {} again",
                          rank, l, rank));
  };
  for (const auto& [workers, rounds] : {std::pair{1, 0}, std::pair{2, 1}, std::pair{8, 3}})
    check.equal(fmt::format("{} workers: how many rounds", workers),
                static_cast<int64_t>(rounds_of_halving(0, workers, 16).size()), rounds,
                "2 to the power of rounds is the workers: one worker has nobody to talk with");
  round(0, 8, 16, 0, {1, 0, 8},
        "0 has a 0 in bit 0 and keeps the lower half: from the beginning to the middle");
  round(1, 8, 16, 0, {0, 8, 16},
        "1 has a 1 in bit 0: the upper half, from the middle to the end; it is kept, and the other half is "
        "given away");
  round(0, 8, 16, 1, {2, 0, 4}, "half of what it still has, not of the whole array");
  round(5, 8, 16, 1, {7, 8, 12}, "5 is 101 in base two: bit 1 is 0, so it keeps the lower half of [8, 16)");
  round(5, 8, 16, 2, {1, 10, 12}, "5 is 101 in base two: bit 2 is 1, so it keeps the upper half of [8, 12)");
  bool both = true, owned = true;
  for (const int64_t workers : {2, 4, 8, 16}) {
    std::vector<int> owners(static_cast<size_t>(4 * workers));
    for (int64_t rank = 0; rank < workers; ++rank) {
      const std::vector<Round> mine = rounds_of_halving(rank, workers, 4 * workers);
      for (size_t l = 0; l < mine.size(); ++l) {
        if (mine[l].partner < 0 || mine[l].partner >= workers) {
          both = false;
          continue;
        }
        const std::vector<Round> theirs = rounds_of_halving(mine[l].partner, workers, 4 * workers);
        both = both && l < theirs.size() && theirs[l].partner == rank && theirs[l].begin != mine[l].begin;
      }
      if (mine.empty()) continue;
      for (int64_t i = std::max<int64_t>(0, mine.back().begin); i < std::min(4 * workers, mine.back().end);
           ++i)
        ++owners[static_cast<size_t>(i)];
    }
    for (const int count : owners) owned = owned && count == 1;
  }
  check.that("2 to 16 workers: partners name each other and keep different halves", both, "some do not",
             "if 2 swaps with 3, then 3 swaps with 2 in the same round");
  check.that("2 to 16 workers: in the end each number has one owner", owned, "some have none, or two",
             "the stretches of all workers after the last round are the whole array");
}

Order leaf(int64_t part) { return {.part = part, .sum_of = {}}; }
Order sum(Order a, Order b) { return {.part = 0, .sum_of = {std::move(a), std::move(b)}}; }

std::string told(const Order& order) {
  if (order.sum_of.empty()) return fmt::format("{}", order.part);
  return fmt::format("({} + {})", told(order.sum_of[0]), told(order.sum_of[1]));
}

float added(const Order& order, const std::vector<float>& parts) {
  if (order.sum_of.empty()) return parts[static_cast<size_t>(order.part)];
  return added(order.sum_of[0], parts) + added(order.sum_of[1], parts);
}

/// Any order of the parts begin, ..., end - 1.
Order drawn(int64_t begin, int64_t end, Rng& rng) {
  if (end - begin == 1) return leaf(begin);
  const int64_t middle = rng.between(begin + 1, end - 1);
  Order a = drawn(begin, middle, rng), b = drawn(middle, end, rng);
  return rng.below(2) == 0 ? sum(std::move(a), std::move(b)) : sum(std::move(b), std::move(a));
}

void orders(Check& check) {
  const auto verdict = [&](const Order& a, const Order& b, bool want, const std::string& hint) {
    check.equal(fmt::format("{} and {}", told(a), told(b)), always_same_bits(a, b), want, hint);
  };
  const Order turn3 = sum(sum(leaf(0), leaf(1)), leaf(2));
  verdict(leaf(0), leaf(0), true, "one part, nothing is added");
  verdict(sum(leaf(0), leaf(1)), sum(leaf(1), leaf(0)), true, "a + b and b + a have the same bits");
  verdict(
      turn3, sum(leaf(0), sum(leaf(1), leaf(2))), false,
      "the parts stand in the same order, but 100000000, -100000000 and 1 give 1 in the first and 0 in the "
      "second");
  verdict(turn3, sum(leaf(2), sum(leaf(1), leaf(0))), true,
          "the last sum is turned round, and the first one, too");
  verdict(turn3, sum(sum(leaf(0), leaf(2)), leaf(1)), false,
          "both are chains, but another part comes last: it matters which parts are added first");
  const Order tree4 = sum(sum(leaf(0), leaf(1)), sum(leaf(2), leaf(3)));
  verdict(tree4, sum(sum(leaf(3), leaf(2)), sum(leaf(0), leaf(1))), true,
          "the halves are turned round, and within one half the parts are: turn round at every level");
  verdict(tree4, sum(sum(leaf(0), leaf(2)), sum(leaf(1), leaf(3))), false,
          "the same shape with other neighbours: the parts must be compared as well");
  verdict(sum(turn3, leaf(3)), tree4, false, "in turn and along a tree");
  const Order ring = sum(sum(sum(leaf(1), leaf(2)), leaf(3)), leaf(0));
  verdict(sum(turn3, leaf(3)), ring, false, "two pieces of a ring: they begin with different parts");

  Rng rng(3);
  int64_t said_same = 0, said_other = 0;
  std::string seen = "all as they should be";
  for (int round = 0; round < 400; ++round) {
    const int64_t parts = rng.between(2, 5);
    const Order a = drawn(0, parts, rng), b = drawn(0, parts, rng);
    bool same = true;
    for (int trial = 0; trial < 200 && same; ++trial) {
      std::vector<float> numbers;
      for (int64_t i = 0; i < parts; ++i) numbers.push_back(static_cast<float>(2 * rng.uniform() - 1));
      same = added(a, numbers) == added(b, numbers);
    }
    if (always_same_bits(a, b) != same) {
      seen = fmt::format("wrong for {} and {}", told(a), told(b));
      break;
    }
    ++(same ? said_same : said_other);
  }
  check.that("400 pairs of orders, tried on random numbers", said_same + said_other == 400, seen,
             "add 200 rows of random numbers in both orders: are all sums the same?");
}

}  // namespace

int main() {
  Checks checks("20_many_workers");
  checks.exercise("1: the weights of means", weights);
  checks.exercise("2: rounds of halving", halving);
  checks.exercise("3: which orders give the same bits", orders);
  return checks.finish();
}

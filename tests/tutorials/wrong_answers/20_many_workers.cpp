// What readers may answer in chapter 20, wrong and right.
#include <algorithm>
#include <numeric>
#include <set>
#include <string>

#include "tests/tutorials/wrong_answers/answers.hpp"
#include "tutorials/20_many_workers/exercise.hpp"

#define weights_of_means right_weights_of_means
#define rounds_of_halving right_rounds_of_halving
#define always_same_bits right_always_same_bits
#include "tutorials/20_many_workers/solution.cpp"
#undef weights_of_means
#undef rounds_of_halving
#undef always_same_bits

namespace gradus::tutorials::many_workers {
namespace {

using Counts = std::vector<int64_t>;
using Weights = std::vector<double>;

int64_t sum_of_counts(const Counts& asked) { return std::accumulate(asked.begin(), asked.end(), int64_t{0}); }

/// A weight for each worker of its count.
template <class F>
Weights each(const Counts& asked, F weight) {
  Weights weights;
  for (const int64_t count : asked) weights.push_back(weight(count));
  return weights;
}

const Answers<decltype(weights_of_means)> weights(
    1, right_weights_of_means,
    {{"the mean of means", "its mean has divided by 3 already",
      [](const Counts& asked) {
        return each(asked, [&](int64_t) { return 1.0 / static_cast<double>(asked.size()); });
      }},
     {"as if they were sums: 1 / all", "its mean has divided by 3 already",
      [](const Counts& asked) {
        return each(asked, [&](int64_t) {
          return 1.0 / static_cast<double>(std::max<int64_t>(1, sum_of_counts(asked)));
        });
      }},
     {"1 / own", "so its weight is not one over anything",
      [](const Counts& asked) {
        return each(asked, [](int64_t count) { return count == 0 ? 0 : 1.0 / static_cast<double>(count); });
      }},
     {"whole numbers", "make one of them a double first",
      [](const Counts& asked) {
        return each(asked, [&](int64_t count) {
          return static_cast<double>(count / std::max<int64_t>(1, sum_of_counts(asked)));
        });
      }},
     {"the number of places", "its mean has divided by 3 already",
      [](const Counts& asked) {
        return each(asked, [](int64_t count) { return static_cast<double>(count); });
      }},
     {"no number where nothing is asked", "0 / 0 is not a number",
      [](const Counts& asked) {
        return each(asked, [&](int64_t count) {
          return static_cast<double>(count) / static_cast<double>(sum_of_counts(asked));
        });
      }},
     {"equal weights for those that have some", "its mean has divided by 3 already",
      [](const Counts& asked) {
        const auto some = asked.size() - static_cast<size_t>(std::ranges::count(asked, 0));
        return each(asked, [&](int64_t count) { return count == 0 ? 0 : 1.0 / static_cast<double>(some); });
      }},
     {"by the mean count", accepted, [](const Counts& asked) {
        const double mean = static_cast<double>(sum_of_counts(asked)) / static_cast<double>(asked.size());
        return each(asked, [&](int64_t count) {
          return count == 0 ? 0 : static_cast<double>(count) / mean / static_cast<double>(asked.size());
        });
      }}});

/// Rounds whose partner and distance in each round are chosen.
template <class Partner, class Upper>
std::vector<Round> halved(int64_t workers, int64_t length, Partner partner, Upper is_upper) {
  std::vector<Round> rounds;
  int64_t begin = 0, end = length;
  for (int64_t bit = 1; bit < workers; bit *= 2) {
    const int64_t middle = (begin + end) / 2;
    (is_upper(bit) ? begin : end) = middle;
    rounds.push_back({partner(bit), begin, end});
  }
  return rounds;
}

const Answers<decltype(rounds_of_halving)> halvings(
    2, right_rounds_of_halving,
    {{"far partners first", "the partner's number is 0 with bit 0 turned over",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            workers, length, [&](int64_t bit) { return rank ^ (workers / 2 / bit); },
            [&](int64_t bit) { return (rank & (workers / 2 / bit)) != 0; });
      }},
     {"the next one, as in a ring", "turned over, not added",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            workers, length, [&](int64_t bit) { return (rank + bit) % workers; },
            [&](int64_t bit) { return (rank & bit) != 0; });
      }},
     {"always the lower half", "from the middle to the end",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            workers, length, [&](int64_t bit) { return rank ^ bit; }, [](int64_t) { return false; });
      }},
     {"what is given away", "it is kept, and the other half is given away",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            workers, length, [&](int64_t bit) { return rank ^ bit; },
            [&](int64_t bit) { return (rank & bit) == 0; });
      }},
     {"halves of the whole array", "half of what it still has, not of the whole array",
      [](int64_t rank, int64_t workers, int64_t length) {
        std::vector<Round> rounds;
        for (int64_t bit = 1; bit < workers; bit *= 2) {
          const int64_t begin = (rank & bit) == 0 ? 0 : length / 2;
          rounds.push_back({rank ^ bit, begin, begin + length / 2});
        }
        return rounds;
      }},
     {"the upper half by odd or even", "bit 1 is 0, so it keeps the lower half of [8, 16)",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            workers, length, [&](int64_t bit) { return rank ^ bit; }, [&](int64_t) { return rank % 2 == 1; });
      }},
     {"as many rounds as a ring", "2 to the power of rounds is the workers",
      [](int64_t rank, int64_t workers, int64_t length) {
        std::vector<Round> rounds = right_rounds_of_halving(rank, workers, length);
        while (!rounds.empty() && std::ssize(rounds) + 1 < workers) rounds.push_back(rounds.back());
        return rounds;
      }},
     {"a round too many", "2 to the power of rounds is the workers",
      [](int64_t rank, int64_t workers, int64_t length) {
        return halved(
            2 * workers, length, [&](int64_t bit) { return rank ^ bit; },
            [&](int64_t bit) { return (rank & bit) != 0; });
      }},
     {"by division", accepted, [](int64_t rank, int64_t workers, int64_t length) {
        std::vector<Round> rounds;
        int64_t begin = 0, size = length;
        for (int64_t step = 1; step < workers; step += step) {
          const bool is_upper = rank / step % 2 == 1;
          size /= 2;
          if (is_upper) begin += size;
          rounds.push_back({is_upper ? rank - step : rank + step, begin, begin + size});
        }
        return rounds;
      }}});

void collect(const Order& order, Counts& parts) {
  if (order.sum_of.empty()) parts.push_back(order.part);
  for (const Order& one : order.sum_of) collect(one, parts);
}

Counts parts_of(const Order& order) {
  Counts parts;
  collect(order, parts);
  return parts;
}

/// The same tree, left for left and right for right.
bool same_as_written(const Order& a, const Order& b) {
  if (a.sum_of.size() != b.sum_of.size()) return false;
  if (a.sum_of.empty()) return a.part == b.part;
  return same_as_written(a.sum_of[0], b.sum_of[0]) && same_as_written(a.sum_of[1], b.sum_of[1]);
}

bool same_shape(const Order& a, const Order& b) {
  if (a.sum_of.size() != b.sum_of.size()) return false;
  if (a.sum_of.empty()) return true;
  return (same_shape(a.sum_of[0], b.sum_of[0]) && same_shape(a.sum_of[1], b.sum_of[1])) ||
         (same_shape(a.sum_of[0], b.sum_of[1]) && same_shape(a.sum_of[1], b.sum_of[0]));
}

/// The smallest way to write it: smaller texts stand first.
std::string canonical(const Order& order) {
  if (order.sum_of.empty()) return std::to_string(order.part);
  const std::string a = canonical(order.sum_of[0]), b = canonical(order.sum_of[1]);
  return "(" + std::min(a, b) + "+" + std::max(a, b) + ")";
}

/// The sets of parts that are added up on the way.
std::set<std::set<int64_t>> sums_of(const Order& order) {
  const Counts parts = parts_of(order);
  std::set<std::set<int64_t>> sums = {{parts.begin(), parts.end()}};
  for (const Order& one : order.sum_of) sums.merge(sums_of(one));
  return sums;
}

const Answers<decltype(always_same_bits)> orders(
    3, right_always_same_bits,
    {{"all sums are the same", "in the first and 0 in the second",
      [](const Order&, const Order&) { return true; }},
     {"the same parts in the same order", "the parts stand in the same order, but",
      [](const Order& a, const Order& b) { return parts_of(a) == parts_of(b); }},
     {"only as it is written", "a + b and b + a have the same bits", same_as_written},
     {"turned round at the top only", "turn round at every level",
      [](const Order& a, const Order& b) {
        if (same_as_written(a, b)) return true;
        return a.sum_of.size() == 2 && b.sum_of.size() == 2 && same_as_written(a.sum_of[0], b.sum_of[1]) &&
               same_as_written(a.sum_of[1], b.sum_of[0]);
      }},
     {"the same shape", "the parts must be compared as well", same_shape},
     {"all of it turned round", "within one half the parts are: turn round at every level",
      [](const Order& a, const Order& b) {
        const auto mirrored = [](const auto& self, const Order& order) -> Order {
          if (order.sum_of.empty()) return order;
          return {.part = 0, .sum_of = {self(self, order.sum_of[1]), self(self, order.sum_of[0])}};
        };
        return same_as_written(a, b) || same_as_written(mirrored(mirrored, a), b);
      }},
     {"never, to be safe", "one part, nothing is added", [](const Order&, const Order&) { return false; }},
     {"the sums on the way", accepted,
      [](const Order& a, const Order& b) { return sums_of(a) == sums_of(b); }},
     {"written in the smallest way", accepted,
      [](const Order& a, const Order& b) { return canonical(a) == canonical(b); }}});

}  // namespace

std::vector<double> weights_of_means(const std::vector<int64_t>& asked) { return weights(asked); }
std::vector<Round> rounds_of_halving(int64_t rank, int64_t workers, int64_t length) {
  return halvings(rank, workers, length);
}
bool always_same_bits(const Order& a, const Order& b) { return orders(a, b); }

}  // namespace gradus::tutorials::many_workers

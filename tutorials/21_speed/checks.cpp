// What the exercises of chapter 21 are held to.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "autograd/random.hpp"
#include "exercise.hpp"
#include "tutorials/support/check.hpp"

namespace {

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::speed;

/// bytes(rows, size) = whole rows size + by_row rows + by_column size + rest.
struct Parts {
  int64_t whole = 0, by_row = 0, by_column = 0, rest = 0;
};
Parts parts_of(int64_t NormBytes::*member) {
  const auto at = [&](int64_t rows, int64_t size) { return norm_bytes(rows, size).*member; };
  Parts parts;
  parts.whole = at(2, 2) - at(1, 2) - at(2, 1) + at(1, 1);
  parts.by_row = at(2, 1) - at(1, 1) - parts.whole;
  parts.by_column = at(1, 2) - at(1, 1) - parts.whole;
  parts.rest = at(1, 1) - parts.whole - parts.by_row - parts.by_column;
  return parts;
}

void bytes(Check& check) {
  const auto told = [&](const std::string& what, int64_t NormBytes::*member, const Parts& want,
                        const std::string& whole, const std::string& by_row, const std::string& by_column) {
    const Parts got = parts_of(member);
    if (4 * got.whole == want.whole) {
      check.equal(what + ": bytes of whole arrays, for each number of x", got.whole, want.whole,
                  "these are numbers, not bytes: a number in f32 has four of them");
      return;
    }
    check.equal(what + ": bytes of whole arrays, for each number of x", got.whole, want.whole, whole);
    check.equal(what + ": bytes of what has one number a row, for each row", got.by_row, want.by_row, by_row);
    check.equal(what + ": bytes of weight and bias, for each column", got.by_column, want.by_column,
                by_column);
    check.equal(what + ": bytes that depend on neither", got.rest, int64_t{0}, "there are none");
  };
  told("composed forward", &NormBytes::composed_forward, {32, 16, 8, 0},
       "five passes read a whole array each, and three of them write one; a mean reads a whole array, and "
       "writes "
       "one number a row",
       "m and v are written once and read once each",
       "weight and bias are read once; they are as long as a row, however many rows use them");
  told("fused forward", &NormBytes::fused_forward, {8, 8, 8, 0},
       "x is read and y is written; all that lies between stays in registers",
       "m and r are kept for backward, so they are written",
       "weight and bias are read once; they are as long as a row, however many rows use them");
  told("fused backward", &NormBytes::fused_backward, {12, 8, 12, 0},
       "dy and x are read, both of them, and dx is written", "m and r are read again",
       "weight is read; dweight and dbias are written");
  check.equal("2,048 rows of 128: composed forward", norm_bytes(2048, 128).composed_forward,
              int64_t{4} * (8 * 2048 * 128 + 4 * 2048 + 2 * 128), "the three sizes together");
}

/// By the book, row by row, with memory for all.
struct Lost {
  double loss = 0;
  std::vector<double> gradient;
};
Lost by_the_book(const std::vector<double>& scores, const std::vector<int64_t>& labels, int64_t classes) {
  Lost lost{0, std::vector<double>(scores.size())};
  double asked = 0;
  for (const int64_t label : labels) asked += label >= 0 ? 1 : 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0) continue;
    const auto begin = scores.begin() + static_cast<int64_t>(i) * classes;
    const double largest = *std::max_element(begin, begin + classes);
    double sum = 0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(begin[j] - largest);
    lost.loss += (largest + std::log(sum) - begin[labels[i]]) / asked;
    for (int64_t j = 0; j < classes; ++j) {
      const double p = std::exp(begin[j] - largest) / sum;
      lost.gradient[i * static_cast<size_t>(classes) + static_cast<size_t>(j)] =
          (p - (j == labels[i] ? 1 : 0)) / asked;
    }
  }
  return lost;
}

void losses(Check& check) {
  const auto tried = [&](const std::string& what, std::vector<double> scores,
                         const std::vector<int64_t>& labels, const std::string& of_loss,
                         const std::string& of_gradient) {
    const auto classes = static_cast<int64_t>(scores.size() / labels.size());
    const Lost want = by_the_book(scores, labels, classes);
    const double loss = loss_and_gradient(scores, labels, classes);
    check.close(what + ": the loss", loss, want.loss, of_loss, 1e-9);
    check.close(what + ": the gradient", tensor(scores), tensor(want.gradient), of_gradient, 1e-9);
  };
  const double ln3 = std::log(3.0);
  tried("scores 0 and log 3, label 1", {0, ln3}, {1}, "softmax gives 1/4 and 3/4: the loss is log(4/3)",
        "what softmax gives, less one at the label: 1/4 and -1/4");
  tried("the same, label 0", {0, ln3}, {0}, "the loss of label 0 is log 4: read its score before it is gone",
        "less one at the label, which is another one now: -3/4 and 3/4");
  tried("two rows", {0, ln3, ln3, 0}, {1, 1}, "a mean over both rows: half of each",
        "of a mean each row has half the gradient, and each row a softmax "
        "of its own");
  tried("three rows, the middle one not asked for", {0, ln3, 5, 1, ln3, 0}, {1, -1, 1},
        "a mean over the two rows that are asked for, not over three",
        "the row that is not asked for has the gradient 0, and the others half of theirs");
  tried("scores of 10,000", {10'000, 9'999, -10'000}, {1},
        "exp(10,000) is infinite: take the largest score off before exp, and add it to the logarithm again",
        "exp(10,000) is infinite: take the largest score off in the gradient, too");
  tried("nothing is asked for", {1, 2, 3, 4}, {-1, -1}, "0 / 0 is not a number: say 0 yourself",
        "nothing depends on these scores");
  Rng rng(4);
  std::vector<double> many(7 * 11);
  for (double& score : many) score = rng.normal();
  tried("7 rows of 11", many, {3, -1, 10, 0, 0, -1, 7}, "all of it together", "all of it together");
}

/// A product with room around all three matrices, so that what goes over an edge is seen and harms nobody.
struct Room {
  static constexpr int64_t around = 4096;
  static constexpr float untouched = 12345;
  int64_t m, n, k;
  std::vector<float> a, b, c;
  Room(int64_t rows, int64_t cols, int64_t depth) : m(rows), n(cols), k(depth) {
    Rng rng(6);
    const auto filled = [&](int64_t size) {
      std::vector<float> x(static_cast<size_t>(size + 2 * around));
      for (float& number : x) number = static_cast<float>(rng.normal());
      return x;
    };
    a = filled(m * k);
    b = filled(k * n);
    c.assign(static_cast<size_t>(m * n + 2 * around), untouched);
  }
  float* first() { return c.data() + around; }
  std::vector<std::function<void()>> tasks(int64_t tile) {
    return tasks_of({a.data() + around, b.data() + around, first(), m, n, k}, tile);
  }
  void fill(float value) { std::fill(first(), first() + m * n, value); }
  std::vector<float> result() { return {first(), first() + m * n}; }
  bool beyond_is_untouched() const {
    const auto same = [](float x) { return x == untouched; };
    return std::all_of(c.begin(), c.begin() + around, same) && std::all_of(c.end() - around, c.end(), same);
  }
  double worst() const {
    double gap = 0;
    for (int64_t i = 0; i < m; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < k; ++p)
          sum += static_cast<double>(a[static_cast<size_t>(around + i * k + p)]) *
                 static_cast<double>(b[static_cast<size_t>(around + p * n + j)]);
        const double off = std::abs(static_cast<double>(c[static_cast<size_t>(around + i * n + j)]) - sum);
        gap = std::isfinite(off) ? std::max(gap, off) : std::numeric_limits<double>::infinity();
      }
    }
    return gap;
  }
};

void tasks(Check& check) {
  const auto counted = [&](int64_t m, int64_t n, int64_t k, int64_t tile, int64_t want,
                           const std::string& hint) {
    Room room(m, n, k);
    check.equal(fmt::format("c of {} x {}, depth {}, tiles of {}: how many tasks", m, n, k, tile),
                std::ssize(room.tasks(tile)), want, hint);
  };
  counted(8, 8, 8, 8, 1, "one tile is all of c");
  counted(8, 16, 8, 8, 2, "c is two tiles wide");
  counted(8, 8, 32, 8, 1,
          "the depth is not cut: two tasks that add to the same number of c cannot have an order");
  counted(10, 9, 8, 8, 4, "at the edges there are smaller tiles: divide and round up, not down");

  Room whole(24, 40, 30);
  for (const auto& task : whole.tasks(8)) task();
  check.that("24 x 40 x 30: c is a b", whole.worst() < 1e-4, fmt::format("off by {}", whole.worst()),
             "c[i, j] is the sum over p of a[i, p] b[p, j]; a row of a has k numbers, a row of b and of c n");
  Room edge(10, 9, 30);
  for (const auto& task : edge.tasks(8)) task();
  check.that("10 x 9 in tiles of 8: c is a b", edge.worst() < 1e-4, fmt::format("off by {}", edge.worst()),
             "at the edge a tile is smaller: its end is the end of c");
  check.that("10 x 9 in tiles of 8: nothing is written beyond c", edge.beyond_is_untouched(), "something was",
             "at the edge a tile is smaller: its end is the end of c");

  // Who writes what: each task by itself, on a c that holds no numbers.
  Room alone(20, 24, 16);
  const std::vector<std::function<void()>> parts = alone.tasks(8);
  std::vector<int64_t> writers(static_cast<size_t>(alone.m * alone.n));
  int64_t most = 0;
  for (const auto& part : parts) {
    alone.fill(std::numeric_limits<float>::quiet_NaN());
    part();
    int64_t written = 0;
    const std::vector<float> now = alone.result();
    for (size_t i = 0; i < now.size(); ++i) {
      if (std::isnan(now[i])) continue;
      ++writers[i];
      ++written;
    }
    most = std::max(most, written);
  }
  const auto [fewest, many] = std::minmax_element(writers.begin(), writers.end());
  check.that("each number of c is written by one task", *fewest == 1 && *many == 1,
             fmt::format("by {} to {} tasks", *fewest, *many),
             *fewest == 0
                 ? "c held no numbers before: a sum that begins with what c held is lost, and somebody has "
                   "to write each tile"
                 : "two tasks that write the same number: who comes last decides");
  check.that("a task writes no more than a tile", most <= 64, fmt::format("{} numbers", most),
             "a tile of 8 x 8 has 64 numbers");

  Room order(33, 41, 50);
  const std::vector<std::function<void()>> any = order.tasks(8);
  const auto bits_of = [&](const std::vector<size_t>& in_order) {
    order.fill(0);
    for (const size_t task : in_order) any[task]();
    return order.result();
  };
  std::vector<size_t> turn(any.size());
  std::iota(turn.begin(), turn.end(), size_t{0});
  const std::vector<float> forward = bits_of(turn);
  std::reverse(turn.begin(), turn.end());
  bool same = bits_of(turn) == forward;
  Rng rng(3);
  for (int round = 0; round < 5; ++round) {
    rng.shuffle(turn);
    same = same && bits_of(turn) == forward;
  }
  check.that("33 x 41 x 50: the same bits in seven orders", same, "other bits",
             "each number of c must be summed by one task alone, from the first p to the last");
}

}  // namespace

int main() {
  Checks checks("21_speed");
  checks.exercise("1: the bytes of LayerNorm", bytes);
  checks.exercise("2: a loss and its gradient in one pass", losses);
  checks.exercise("3: tasks in any order", tasks);
  return checks.finish();
}

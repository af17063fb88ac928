// What readers may answer in chapter 21, wrong and right.
#include <algorithm>
#include <cmath>

#include "tests/tutorials/wrong_answers/answers.hpp"
#include "tutorials/21_speed/exercise.hpp"

#define norm_bytes right_norm_bytes
#define loss_and_gradient right_loss_and_gradient
#define tasks_of right_tasks_of
#include "tutorials/21_speed/solution.cpp"
#undef norm_bytes
#undef loss_and_gradient
#undef tasks_of

namespace gradus::tutorials::speed {
namespace {

using Scores = std::vector<double>;
using Labels = std::vector<int64_t>;
using Tasks = std::vector<std::function<void()>>;

/// 4 (whole rows size + by_row rows + by_column size) for each of the three.
NormBytes made_of(int64_t rows, int64_t size, const int64_t (&numbers)[3][3]) {
  const auto bytes = [&](int i) {
    return 4 * (numbers[i][0] * rows * size + numbers[i][1] * rows + numbers[i][2] * size);
  };
  return {bytes(0), bytes(1), bytes(2)};
}

const Answers<decltype(norm_bytes)> counts(
    1, right_norm_bytes,
    {{"numbers for bytes", "these are numbers, not bytes",
      [](int64_t rows, int64_t size) {
        const NormBytes right = right_norm_bytes(rows, size);
        return NormBytes{right.composed_forward / 4, right.fused_forward / 4, right.fused_backward / 4};
      }},
     {"reads only", "five passes read a whole array each, and three of them write one",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{5, 2, 2}, {1, 0, 2}, {2, 2, 1}});
      }},
     {"each pass reads one and writes one", "a mean reads a whole array, and writes one number a row",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{10, 2, 2}, {2, 2, 2}, {3, 2, 3}});
      }},
     {"the statistics forgotten", "m and v are written once and read once each",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 0, 2}, {2, 0, 2}, {3, 0, 3}});
      }},
     {"weight and bias for every row", "they are as long as a row, however many rows use them",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{10, 4, 0}, {4, 2, 0}, {6, 2, 0}});
      }},
     {"weight and bias not at all", "they are as long as a row, however many rows use them",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 4, 0}, {2, 2, 0}, {3, 2, 0}});
      }},
     {"nothing kept for backward", "m and r are kept for backward, so they are written",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 4, 2}, {2, 0, 2}, {3, 2, 3}});
      }},
     {"backward without dy", "dy and x are read, both of them",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 4, 2}, {2, 2, 2}, {2, 2, 3}});
      }},
     {"gradients of weight and bias forgotten", "dweight and dbias are written",
      [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 4, 2}, {2, 2, 2}, {3, 2, 1}});
      }},
     {"in coefficients", accepted, [](int64_t rows, int64_t size) {
        return made_of(rows, size, {{8, 4, 2}, {2, 2, 2}, {3, 2, 3}});
      }}});

/// The right loop with parts that can be put wrong.
struct Plan {
  bool shift = true, zeros = true, late = false, of_all = false, mean = true, minus = false, label = true;
};
double lost(Scores& scores, const Labels& labels, int64_t classes, const Plan& plan) {
  double asked = 0, loss = 0;
  for (const int64_t label : labels) asked += label >= 0 || plan.of_all ? 1 : 0;
  if (!plan.mean) asked = 1;
  for (size_t i = 0; i < labels.size(); ++i) {
    double* row = scores.data() + static_cast<int64_t>(i) * classes;
    if (labels[i] < 0) {
      if (plan.zeros) std::fill(row, row + classes, 0.0);
      continue;
    }
    const double off = plan.shift ? *std::max_element(row, row + classes) : 0;
    double sum = 0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(row[j] - off);
    if (!plan.late) loss += (std::log(sum) + off - row[labels[i]]) / asked;
    for (int64_t j = 0; j < classes; ++j) row[j] = std::exp(row[j] - off) / sum / asked;
    if (plan.label) row[labels[i]] -= 1 / asked;
    if (plan.late) loss += (std::log(sum) + off - row[labels[i]]) / asked;
    if (plan.minus) {
      for (int64_t j = 0; j < classes; ++j) row[j] = -row[j];
    }
  }
  return loss;
}

const Answers<decltype(loss_and_gradient)> losses(
    2, right_loss_and_gradient,
    {{"without the largest score", "exp(10,000) is infinite",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.shift = false}); }},
     {"scores left where nothing is asked", "the row that is not asked for has the gradient 0",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.zeros = false}); }},
     {"the label's score read too late", "read its score before it is gone",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.late = true}); }},
     {"a mean over all rows", "a mean over the two rows that are asked for, not over three",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.of_all = true}); }},
     {"a sum", "a mean over both rows",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.mean = false}); }},
     {"downhill", "less one at the label: 1/4 and -1/4",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.minus = true}); }},
     {"softmax alone", "less one at the label: 1/4 and -1/4",
      [](Scores& s, const Labels& l, int64_t n) { return lost(s, l, n, {.label = false}); }},
     {"a mean over nothing", "0 / 0 is not a number",
      [](Scores& s, const Labels& l, int64_t n) {
        const double loss = lost(s, l, n, {});
        const bool any = std::any_of(l.begin(), l.end(), [](int64_t label) { return label >= 0; });
        return any ? loss : std::nan("");
      }},
     {"the loss alone", "less one at the label: 1/4 and -1/4",
      [](Scores& s, const Labels& l, int64_t n) {
        Scores copy = s;
        return lost(copy, l, n, {});
      }},
     {"through log softmax", accepted, [](Scores& s, const Labels& l, int64_t n) {
        double loss = 0, asked = 0;
        for (const int64_t label : l) asked += label < 0 ? 0 : 1;
        for (size_t i = l.size(); i-- > 0;) {  // from the last row
          double* row = s.data() + i * static_cast<size_t>(n);
          double largest = row[0], sum = 0;
          for (int64_t j = 0; j < n; ++j) largest = std::max(largest, row[j]);
          for (int64_t j = 0; j < n; ++j) sum += std::exp(row[j] - largest);
          for (int64_t j = 0; j < n; ++j) row[j] -= largest + std::log(sum);
          if (l[i] >= 0) loss -= row[l[i]] / asked;
          for (int64_t j = 0; j < n; ++j)
            row[j] = l[i] < 0 ? 0 : (std::exp(row[j]) - (j == l[i] ? 1 : 0)) / asked;
        }
        return loss;
      }}});

/// A task for each i0, j0 and p0; `add` is whether it adds to c.
Tasks cut(const Product& product, int64_t rows, int64_t cols, int64_t depth, bool add,
          bool over_the_edge = false) {
  Tasks tasks;
  const auto& [a, b, c, m, n, k] = product;
  for (int64_t i0 = 0; i0 < m; i0 += rows) {
    for (int64_t j0 = 0; j0 < n; j0 += cols) {
      for (int64_t p0 = 0; p0 < k; p0 += depth) {
        const int64_t i1 = over_the_edge ? i0 + rows : std::min(i0 + rows, m);
        const int64_t j1 = over_the_edge ? j0 + cols : std::min(j0 + cols, n), p1 = std::min(p0 + depth, k);
        tasks.push_back([=] {
          for (int64_t i = i0; i < i1; ++i) {
            for (int64_t j = j0; j < j1; ++j) {
              float sum = add ? product.c[i * product.n + j] : 0;
              for (int64_t p = p0; p < p1; ++p)
                sum += product.a[i * product.k + p] * product.b[p * product.n + j];
              product.c[i * product.n + j] = sum;
            }
          }
        });
      }
    }
  }
  return tasks;
}

const Answers<decltype(tasks_of)> products(
    3, right_tasks_of,
    {{"the depth is cut, too", "the depth is not cut",
      [](const Product& p, int64_t tile) { return cut(p, tile, tile, tile, true); }},
     {"the depth is cut, and c cleared first", "who comes last decides",
      [](const Product& p, int64_t tile) {
        std::fill(p.c, p.c + p.m * p.n, 0.0F);
        return cut(p, tile, tile, tile, false);
      }},
     {"c is added to", "a sum that begins with what c held is lost",
      [](const Product& p, int64_t tile) { return cut(p, tile, tile, p.k, true); }},
     {"over the edge", "its end is the end of c",
      [](const Product& p, int64_t tile) { return cut(p, tile, tile, p.k, false, true); }},
     {"whole tiles only", "divide and round up, not down",
      [](const Product& p, int64_t tile) {
        Tasks all = cut(p, tile, tile, p.k, false);
        const int64_t wide = (p.n + tile - 1) / tile;
        Tasks kept;
        for (int64_t t = 0; t < std::ssize(all); ++t) {
          if (t / wide < p.m / tile && t % wide < p.n / tile) kept.push_back(all[static_cast<size_t>(t)]);
        }
        return kept;
      }},
     {"rows only", "c is two tiles wide",
      [](const Product& p, int64_t tile) { return cut(p, tile, p.n, p.k, false); }},
     {"one task for all", "c is two tiles wide",
      [](const Product& p, int64_t) { return cut(p, p.m, p.n, p.k, false); }},
     {"a row of b has k numbers", "a row of a has k numbers, a row of b and of c n",
      [](const Product& p, int64_t tile) {
        Tasks tasks;
        for (int64_t i0 = 0; i0 < p.m; i0 += tile) {
          for (int64_t j0 = 0; j0 < p.n; j0 += tile) {
            tasks.push_back([=] {
              for (int64_t i = i0; i < std::min(i0 + tile, p.m); ++i) {
                for (int64_t j = j0; j < std::min(j0 + tile, p.n); ++j) {
                  float sum = 0;
                  for (int64_t q = 0; q < p.k; ++q) sum += p.a[i * p.k + q] * p.b[q * p.k + j];
                  p.c[i * p.n + j] = sum;
                }
              }
            });
          }
        }
        return tasks;
      }},
     {"by number, along the rows of a tile", accepted, [](const Product& p, int64_t tile) {
        const int64_t wide = (p.n + tile - 1) / tile, high = (p.m + tile - 1) / tile;
        Tasks tasks;
        for (int64_t number = 0; number < wide * high; ++number) {
          tasks.push_back([=] {
            const int64_t i0 = number / wide * tile, j0 = number % wide * tile;
            const int64_t cols = std::min(tile, p.n - j0);
            for (int64_t i = i0; i < std::min(i0 + tile, p.m); ++i) {
              float* row = p.c + i * p.n + j0;
              std::fill(row, row + cols, 0.0F);
              for (int64_t q = 0; q < p.k; ++q) {
                for (int64_t j = 0; j < cols; ++j) row[j] += p.a[i * p.k + q] * p.b[q * p.n + j0 + j];
              }
            }
          });
        }
        return tasks;
      }}});

}  // namespace

NormBytes norm_bytes(int64_t rows, int64_t size) { return counts(rows, size); }
double loss_and_gradient(std::vector<double>& scores, const std::vector<int64_t>& labels, int64_t classes) {
  return losses(scores, labels, classes);
}
std::vector<std::function<void()>> tasks_of(const Product& product, int64_t tile) {
  return products(product, tile);
}

}  // namespace gradus::tutorials::speed

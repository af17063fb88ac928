/// @file
/// Chapter 5: one head of attention, by loops and by matrix products, built from primitives.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "autograd/autograd.hpp"

namespace gradus::tutorials {

// ---- The sentence and the numbers of the chapter ----

inline const std::vector<std::string> all_is_well = {"All", "is", "well"};

using Row = std::vector<double>;
using Rows = std::vector<Row>;

/// The three words as H = 3 numbers each, and the three matrices W_q, W_k and W_v, D = 2 rows of H each.
struct PencilHead {
  Rows x = {{1, 0, 1}, {0, 1, 1}, {1, 1, 0}};
  Rows query = {{1, 0, 1}, {0, 1, -1}};
  Rows key = {{0, 0, 1}, {1, 0, 0}};
  Rows value = {{3, -3, 1}, {3, 1, -3}};
};

// ---- By hand: loops over plain numbers ----

/// a_1 b_1 + a_2 b_2 + ...
inline double dot(const Row& a, const Row& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// W x: each number of the result is one row of W times x.
inline Row times(const Rows& w, const Row& x) {
  Row y;
  for (const Row& row : w) y.push_back(dot(row, x));
  return y;
}

/// e^s_j divided by the sum of all e^s_j: positive numbers that sum to 1.
inline Row softmax_by_hand(const Row& scores) {
  Row weights;
  double sum = 0;
  for (const double s : scores) sum += std::exp(s);
  for (const double s : scores) weights.push_back(std::exp(s) / sum);
  return weights;
}

/// Every step of a head; row i of each belongs to word i.
struct HandSteps {
  Rows q, k, v, scores, weights, output;
};

inline HandSteps attend_by_hand(const PencilHead& head) {
  HandSteps steps;
  for (const Row& word : head.x) {
    steps.q.push_back(times(head.query, word));
    steps.k.push_back(times(head.key, word));
    steps.v.push_back(times(head.value, word));
  }
  const double root = std::sqrt(static_cast<double>(head.query.size()));  // sqrt(D)
  for (const Row& q : steps.q) {
    Row scores;
    for (const Row& k : steps.k) scores.push_back(dot(q, k) / root);
    const Row weights = softmax_by_hand(scores);
    Row output(head.value.size(), 0.0);
    for (size_t j = 0; j < weights.size(); ++j) {
      for (size_t d = 0; d < output.size(); ++d) output[d] += weights[j] * steps.v[j][d];
    }
    steps.scores.push_back(scores);
    steps.weights.push_back(weights);
    steps.output.push_back(output);
  }
  return steps;
}

// ---- By matrix products ----

/// W_q, W_k and W_v: [D, H] each.
struct Head {
  Tensor query, key, value;
};

struct HeadSteps {
  Tensor q, k, v;          // [..., S, D]
  Tensor scores, weights;  // [..., S, S]
  Tensor output;           // [..., S, D]
};

/// The whole head in six lines. `x` is one sentence [S, H] or a batch [B, S, H].
inline HeadSteps attend(const Tensor& x, const Head& head) {
  const double D = static_cast<double>(head.query.size(0));
  HeadSteps steps;
  steps.q = matmul(x, head.query.transpose(0, 1));  // [S, H] [H, D] -> [S, D]
  steps.k = matmul(x, head.key.transpose(0, 1));
  steps.v = matmul(x, head.value.transpose(0, 1));
  steps.scores = matmul(steps.q, steps.k.transpose(-2, -1)) / std::sqrt(D);  // [S, D] [D, S] -> [S, S]
  steps.weights = softmax(steps.scores);                                     // each row sums to 1
  steps.output = matmul(steps.weights, steps.v);                             // [S, S] [S, D] -> [S, D]
  return steps;
}

/// Rows of plain numbers as a tensor [rows, columns].
inline Tensor to_tensor(const Rows& rows) {
  std::vector<double> numbers;
  for (const Row& row : rows) numbers.insert(numbers.end(), row.begin(), row.end());
  return tensor(numbers, Shape{static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())});
}

inline Head to_head(const PencilHead& head) {
  return {to_tensor(head.query), to_tensor(head.key), to_tensor(head.value)};
}

// ---- Trainable ----

/// Gradient descent on W_q and W_k until word `i` spreads its weights as `wanted` [S] says. Returns the loss
/// at the end: the cross-entropy -sum(wanted * log(weights)).
inline double teach_row(const Tensor& x, Head& head, int64_t i, const Tensor& wanted, int steps,
                        double rate) {
  head.query.requires_grad();
  head.key.requires_grad();
  double last = 0;
  for (int step = 0; step < steps; ++step) {
    const Tensor weights = attend(x, head).weights.select(0, i);  // [S]
    const Tensor loss = -sum(wanted * log(weights));
    loss.backward();
    const NoGrad no_tape;
    for (Tensor* w : {&head.query, &head.key}) {
      w->add_(w->grad(), -rate);
      w->zero_grad();
    }
    last = loss.item();
  }
  return last;
}

/// The cosine of the angle between two vectors: 1 for the same direction, 0 for a right angle.
inline double cosine(const Tensor& a, const Tensor& b) {
  return sum(a * b).item() / std::sqrt(sum(a * a).item() * sum(b * b).item());
}

// ---- "A dog ate the food because it was hungry" ----

inline const std::vector<std::string> dog_sentence = {"A",       "dog", "ate", "the",   "food",
                                                      "because", "it",  "was", "hungry"};

/// H = 4 numbers a word, each the answer to a question: a thing? alive? a pronoun? anything else?
inline Tensor dog_words() {
  const Row rest = {0, 0, 0, 1};
  const Row dog = {1, 1, 0, 0}, food = {1, 0, 0, 0}, it = {0, 0, 1, 0};
  return to_tensor({rest, dog, rest, rest, food, rest, it, rest, rest});
}

/// A pronoun asks for a thing, and twice as loud for a living one. Every other word asks for nothing.
inline Head pronoun_head() {
  return {to_tensor({{0, 0, 2, 0}, {0, 0, 4, 0}}),   // W_q: the query of a pronoun is [2, 4]
          to_tensor({{1, 0, 0, 0}, {0, 1, 0, 0}}),   // W_k: the key is [thing?, alive?]
          to_tensor({{1, 0, 0, 0}, {0, 1, 0, 0}})};  // W_v: the value is [thing?, alive?]
}

}  // namespace gradus::tutorials

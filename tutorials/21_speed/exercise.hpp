/// @file
/// The exercises of chapter 21. You write exercise.cpp; `./learn 21 check` says how it goes.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace gradus::tutorials::speed {

/// Exercise 1. The bytes that LayerNorm (chapter 8) reads and writes for x [rows, size] in f32. Whole
/// arrays have rows * size numbers; the means and variances have one number for each row; weight and bias
/// have `size` numbers. A pass reads each array that it is given once, and writes each array that it gives
/// once.
///
/// Composed, forward is these five passes:
///     m = mean of x        c = x - m        v = mean of c c        n = c / sqrt(v + eps)
///     y = n weight + bias
/// Fused, forward is one pass from x, weight and bias to y, and it keeps m and r = 1 / sqrt(v + eps) for
/// backward. Fused, backward is one pass from dy, x, m, r and weight to dx, dweight and dbias.
struct NormBytes {
  int64_t composed_forward = 0, fused_forward = 0, fused_backward = 0;
};
NormBytes norm_bytes(int64_t rows, int64_t size);

/// Exercise 2. scores is [rows, classes], row by row, with a label for each row; a label of -1 says that
/// the row is not asked for. Returns the mean loss, -log softmax(scores)[label], over the rows that are
/// asked for, and writes the gradient of that mean over the scores. No memory of the size of the scores may
/// be needed. Scores may be as large as 10,000. If no row is asked for, the loss and all gradients are 0.
/// You may need std::exp, std::log and std::max_element.
double loss_and_gradient(std::vector<double>& scores, const std::vector<int64_t>& labels, int64_t classes);

/// c = a b: a is [m, k], b is [k, n], c is [m, n], all row by row.
struct Product {
  const float* a = nullptr;
  const float* b = nullptr;
  float* c = nullptr;  ///< may hold anything before
  int64_t m = 0, n = 0, k = 0;
};

/// Exercise 3. The product in tasks that any thread may do, at any time and in any order: each writes a
/// tile of c of at most `tile` x `tile` numbers, and there are as few of them as that allows. When all have
/// been done, c is a b, and its bits do not depend on the order. A task is a function without arguments; a
/// lambda that begins with `[=]` keeps a copy of all that it uses.
std::vector<std::function<void()>> tasks_of(const Product& product, int64_t tile);

}  // namespace gradus::tutorials::speed

// The exercises of chapter 21, solved.
#include <algorithm>
#include <cmath>

#include "exercise.hpp"

namespace gradus::tutorials::speed {

NormBytes norm_bytes(int64_t rows, int64_t size) {
  const int64_t whole = rows * size;
  const int64_t m = whole + rows, c = (whole + rows) + whole, v = whole + rows, n = (whole + rows) + whole,
                y = (whole + 2 * size) + whole;
  const int64_t forward = (whole + 2 * size) + (whole + 2 * rows);
  const int64_t backward = (2 * whole + 2 * rows + size) + (whole + 2 * size);
  return {4 * (m + c + v + n + y), 4 * forward, 4 * backward};
}

double loss_and_gradient(std::vector<double>& scores, const std::vector<int64_t>& labels, int64_t classes) {
  const auto asked = static_cast<double>(
      std::count_if(labels.begin(), labels.end(), [](int64_t label) { return label >= 0; }));
  double loss = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    double* row = scores.data() + static_cast<int64_t>(i) * classes;
    if (labels[i] < 0) {
      std::fill(row, row + classes, 0.0);
      continue;
    }
    const double largest = *std::max_element(row, row + classes), of_label = row[labels[i]];
    double sum = 0;
    for (int64_t j = 0; j < classes; ++j) sum += std::exp(row[j] - largest);
    loss += (std::log(sum) + largest - of_label) / asked;  // before the row is overwritten
    for (int64_t j = 0; j < classes; ++j) row[j] = std::exp(row[j] - largest) / sum / asked;
    row[labels[i]] -= 1 / asked;
  }
  return loss;
}

// Only c is cut. Every number of c is summed by one task, from the first p to the last.
std::vector<std::function<void()>> tasks_of(const Product& product, int64_t tile) {
  std::vector<std::function<void()>> tasks;
  for (int64_t i0 = 0; i0 < product.m; i0 += tile) {
    for (int64_t j0 = 0; j0 < product.n; j0 += tile) {
      tasks.push_back([=] {
        const auto& [a, b, c, m, n, k] = product;
        for (int64_t i = i0; i < std::min(i0 + tile, m); ++i) {
          for (int64_t j = j0; j < std::min(j0 + tile, n); ++j) {
            float sum = 0;
            for (int64_t p = 0; p < k; ++p) sum += a[i * k + p] * b[p * n + j];
            c[i * n + j] = sum;
          }
        }
      });
    }
  }
  return tasks;
}

}  // namespace gradus::tutorials::speed

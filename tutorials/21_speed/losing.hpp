/// @file
/// Chapter 21: what rows of scores cost, -log softmax(scores)[label], in three passes over memory and in one.
/// scores is [rows, classes], with a label for each row; what is lost is [rows].
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "autograd/kernels/math.hpp"
#include "counting.hpp"

namespace gradus::tutorials::speed {

/// The largest of a row, and its sum, several numbers at a time: 16 sums side by side, say, which are added
/// up in the end. In one single sum each addition would wait for the one before it.
template <class T>
T largest_of(const T* row, int64_t n) {
  T largest = row[0];
#pragma omp simd reduction(max : largest)
  for (int64_t j = 0; j < n; ++j) largest = row[j] > largest ? row[j] : largest;
  return largest;
}
template <class T>
T sum_of_row(const T* row, int64_t n) {
  T sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; ++j) sum += row[j];
  return sum;
}

/// In three passes, each with a result as large as the scores: less = scores - the row's largest;
/// e = exp(less); logs = less - log sum of e.
template <class T>
void loss_in_three(const T* scores, const int64_t* labels, T* less, T* e, T* logs, T* loss, int64_t rows,
                   int64_t classes) {
  for (int64_t i = 0; i < rows; ++i) {
    const T largest = largest_of(scores + i * classes, classes);
#pragma omp simd
    for (int64_t j = 0; j < classes; ++j) less[i * classes + j] = scores[i * classes + j] - largest;
  }
#pragma omp simd
  for (int64_t at = 0; at < rows * classes; ++at) e[at] = kernels::math::exp(less[at]);
  for (int64_t i = 0; i < rows; ++i) {
    const T log_sum = std::log(sum_of_row(e + i * classes, classes));
#pragma omp simd
    for (int64_t j = 0; j < classes; ++j) logs[i * classes + j] = less[i * classes + j] - log_sum;
    loss[i] = -logs[i * classes + labels[i]];
  }
}

/// Their backward: dlogs = -dloss at the label and 0 elsewhere; p = exp(logs); dscores = dlogs - p times the
/// row's sum of dlogs.
template <class T>
void loss_backward_in_three(const T* logs, const int64_t* labels, const T* dloss, T* dlogs, T* p, T* dscores,
                            int64_t rows, int64_t classes) {
  std::fill(dlogs, dlogs + rows * classes, T(0));
  for (int64_t i = 0; i < rows; ++i) dlogs[i * classes + labels[i]] = -dloss[i];
#pragma omp simd
  for (int64_t at = 0; at < rows * classes; ++at) p[at] = kernels::math::exp(logs[at]);
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t at = i * classes; at < (i + 1) * classes; ++at) dscores[at] = dlogs[at] + p[at] * dloss[i];
  }
}

/// Whether the largest score is taken off before exp. Without it (bug of the museum) exp overflows.
enum class Shift { largest, none };

/// In one pass: a row stays in the cache until its loss is known, log sum_j exp(scores_j) - scores_label. All
/// that is kept for backward are two numbers a row, the shift and the sum.
template <class T>
void loss_in_one(const T* scores, const int64_t* labels, T* loss, T* shifts, T* sums, int64_t rows,
                 int64_t classes, Shift shift = Shift::largest) {
  for (int64_t i = 0; i < rows; ++i) {
    const T* row = scores + i * classes;
    const T off = shift == Shift::largest ? largest_of(row, classes) : T(0);
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < classes; ++j) sum += kernels::math::exp(row[j] - off);
    shifts[i] = off;
    sums[i] = sum;
    loss[i] = std::log(sum) + off - row[labels[i]];
  }
}

/// Its backward, in one pass: dscores_j = dloss (softmax_j - [j is the label]), from what was kept.
template <class T>
void loss_backward_in_one(const T* scores, const int64_t* labels, const T* shifts, const T* sums,
                          const T* dloss, T* dscores, int64_t rows, int64_t classes) {
  for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
    for (int64_t at = i * classes; at < (i + 1) * classes; ++at)
      dscores[at] = kernels::math::exp(scores[at] - shifts[i]) * (dloss[i] / sums[i]);
    dscores[i * classes + labels[i]] -= dloss[i];
  }
}

/// What loss_in_one and loss_in_three read and write for each score. Numbers of which a row has one are not
/// counted, and a row that is read again at once is read once: it is still in the cache.
inline const std::vector<Pass> losing_in_three = {{"less = scores - largest", 1, 1, 2},
                                                  {"e = exp(less)", 1, 1, 1},
                                                  {"logs = less - log sum of e", 2, 1, 2}};
inline const std::vector<Pass> losing_in_one = {{"largest, sum of exp", 1, 0, 4}};
inline const std::vector<Pass> losing_backward_in_three = {{"dlogs: the labels in zeros", 0, 1, 0},
                                                           {"p = exp(logs)", 1, 1, 1},
                                                           {"dscores = dlogs - p sum of dlogs", 2, 1, 2}};
inline const std::vector<Pass> losing_backward_in_one = {{"dscores of scores, shift and sum", 1, 1, 3}};

}  // namespace gradus::tutorials::speed

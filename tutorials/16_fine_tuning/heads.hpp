/// @file
/// Chapter 16: four heads for one body, each a line of algebra, and their losses.
///
/// Letters in shapes: B texts, S slots in each, H numbers a token, C classes.
#pragma once

#include <limits>

#include "tutorials/15_what_bert_gives_back/giving.hpp"

namespace gradus::tutorials::fine_tuning {

inline constexpr int64_t ignored = -100;  ///< in place of a label: nothing is asked here

/// The mean of -log softmax(scores)[label] over what has a label: scores [n, C], labels i64 [n] -> [].
inline Tensor mean_loss(const Tensor& scores, const Tensor& labels) {
  const Tensor asked = not_equal(labels, static_cast<double>(ignored));
  const Tensor safe = where(asked, labels, zeros(labels.shape(), DType::i64));
  const Tensor said = gather(log_softmax(scores), 1, safe.unsqueeze(1)).squeeze(1);  // [n]
  const Tensor counts = asked.to(scores.dtype());
  return -sum(said * counts) / sum(counts);
}

// ---- 1. A class for a text: p W^T + b ----

/// pooled [B, H], w [C, H], b [C] -> [B, C].
inline Tensor class_scores(const Tensor& pooled, const Tensor& w, const Tensor& b) {
  return linear(pooled, w, b);
}

// ---- 2. A tag for each word: x W^T + b, at its first piece ----

/// x [B, S, H] -> [B, S, C]: the same map for each token.
inline Tensor tag_scores(const Tensor& x, const Tensor& w, const Tensor& b) { return linear(x, w, b); }

/// labels [B, S], of which only those of first pieces are none of `ignored`.
inline Tensor tag_loss(const Tensor& scores, const Tensor& labels) {
  return mean_loss(scores.reshape({-1, scores.size(2)}), labels.reshape({-1}));
}

// ---- 3. Where an answer begins and ends: two scores for each token ----

/// x [B, S, H], real [B, S] bool, w [2, H], b [2] -> [B, S, 2]; padding has -inf, so softmax gives it 0.
inline Tensor span_scores(const Tensor& x, const Tensor& real, const Tensor& w, const Tensor& b) {
  return masked_fill(linear(x, w, b), logical_not(real).unsqueeze(2),
                     -std::numeric_limits<double>::infinity());
}

/// first and last i64 [B]: a choice of one slot among S, twice.
inline Tensor span_loss(const Tensor& scores, const Tensor& first, const Tensor& last) {
  return (mean_loss(scores.select(2, 0), first) + mean_loss(scores.select(2, 1), last)) / 2;
}

struct Span {
  int64_t first = 0, last = 0;
  bool operator==(const Span&) const = default;
};

/// The span with the largest start[first] + end[last], among those from `begin` on with at most `longest`
/// slots that do not end before they begin.
inline Span best_span(const std::vector<double>& start, const std::vector<double>& end, int64_t begin,
                      int64_t longest) {
  Span best{begin, begin};
  double most = -std::numeric_limits<double>::infinity();
  const auto at = [](const std::vector<double>& scores, int64_t i) { return scores[static_cast<size_t>(i)]; };
  for (int64_t first = begin; first < std::ssize(start); ++first) {
    for (int64_t last = first; last < std::min(first + longest, std::ssize(end)); ++last) {
      const double score = at(start, first) + at(end, last);
      if (score > most) best = {first, last}, most = score;
    }
  }
  return best;
}

// ---- 4. How alike two texts are: the cosine of their mean vectors ----

/// u, v [B, H] -> [B].
inline Tensor cosine_of(const Tensor& u, const Tensor& v) {
  const auto length = [](const Tensor& x) { return sqrt(sum(x * x, Axes{1})); };
  return sum(u * v, Axes{1}) / (length(u) * length(v));
}

/// wanted [B], from 0 to 1.
inline Tensor likeness_loss(const Tensor& cosines, const Tensor& wanted) {
  return mean((cosines - wanted) * (cosines - wanted));
}

// ---- On top of the body's vectors: a sum that a learnt query weighs ----

struct Pooled {
  Tensor vector, weights;  ///< [B, H], [B, S]
};

/// a = softmax(tanh(x W^T + b) q) over the real tokens, y = sum a_s x_s; w [H, H], b [H], q [H].
inline Pooled attention_pooled(const Tensor& x, const Tensor& real, const Tensor& w, const Tensor& b,
                               const Tensor& q) {
  const Tensor scores = sum(tanh(linear(x, w, b)) * q, Axes{2});  // [B, S]
  const Tensor weights =
      softmax(masked_fill(scores, logical_not(real), -std::numeric_limits<double>::infinity()));
  return {sum(x * weights.unsqueeze(2), Axes{1}), weights};
}

}  // namespace gradus::tutorials::fine_tuning

/// @file
/// How well classes are told apart: the confusion matrix and what is read off it, as scikit-learn counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace gradus::bert {

/// What one class came to. Each figure is from 0 to 1, and 0 where its denominator is 0.
struct ClassScore {
  double precision = 0;  ///< right / predicted as this class
  double recall = 0;     ///< right / truly of this class
  double f1 = 0;         ///< 2 right / (predicted + truly)
  int64_t truly = 0;     ///< examples of this class (scikit-learn's support)
};

/// How often an example of one class was taken for another.
///
/// Every class from 0 to classes - 1 counts in macro_f1(), also one that no example has: that is scikit-learn
/// with `labels=range(classes)` and `zero_division=0`.
class ConfusionMatrix {
 public:
  /// Counts pairs of a true and a predicted class, each in [0, classes).
  /// @throws ValueError for lists that are empty or differ in length, and for no classes; IndexError for a
  ///         class outside, with its place.
  ConfusionMatrix(std::span<const int64_t> truth, std::span<const int64_t> predicted, int64_t classes);

  int64_t classes() const { return classes_; }
  int64_t examples() const { return examples_; }

  /// Examples of class `truth` that were predicted as `predicted`. @throws IndexError for a class outside.
  int64_t operator()(int64_t truth, int64_t predicted) const;

  /// Right / all, from 0 to 1.
  double accuracy() const;

  /// Precision, recall and F1 of one class. @throws IndexError for a class outside.
  ClassScore score(int64_t label) const;

  /// The mean of the classes' F1, each with the same weight, from 0 to 1.
  double macro_f1() const;

  /// Matthews' correlation, from -1 to 1. With n examples, c of them right, t_k truly of class k and p_k
  /// predicted as it,
  ///
  ///     (c n - sum t_k p_k) / sqrt((n^2 - sum p_k^2) (n^2 - sum t_k^2)),
  ///
  /// which for two classes is Matthews' (1975) own; for more, Gorodkin's (2004, "Comparing two K-category
  /// assignments by a K-category correlation coefficient"). 0 where all is predicted as one class, or is.
  double matthews() const;

 private:
  int64_t at(int64_t truth, int64_t predicted) const {
    return counts_[static_cast<size_t>(truth * classes_ + predicted)];
  }
  int64_t truly(int64_t label) const;
  int64_t predicted_as(int64_t label) const;
  void check(int64_t label) const;

  int64_t classes_, examples_;
  std::vector<int64_t> counts_;  // [truth, predicted]
};

}  // namespace gradus::bert

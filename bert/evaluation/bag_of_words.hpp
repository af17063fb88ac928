/// @file
/// Logistic regression on which words a text has: the baseline of every text classifier.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gradus::bert {

struct BagOfWordsOptions {
  bool bigrams = false;  ///< neighbouring pairs of words, too
  double l2 = 1e-4;      ///< the weight of the penalty
  int64_t steps = 300;
};

/// The words of a text as BERT's normaliser splits it: in lower case, each sign a word.
/// @throws FormatError for text that is not UTF-8.
std::vector<std::string> words_of(std::string_view text);

/// Softmax regression on bags of words. A text is a vector x with 1 / sqrt(n) for each of the n different
/// words (and pairs) that it has, and a last 1; the weights W [classes, words + 1] minimise
///
///     1/N sum_i -log softmax(W x_i)[y_i]  +  l2 / 2 |W|^2 .
///
/// The whole set is taken in each step, with Nesterov's (1983) momentum and the step 1 / L of the loss's
/// curvature, L <= 1 + l2, since |x|^2 = 2 and softmax's Hessian is at most 1/2. Nothing is random. All is
/// done in double, in an order that no thread changes.
class BagOfWords {
 public:
  /// @throws ShapeError unless there is a label for each text; ValueError without texts, for l2 below 0 or
  ///         steps below 1; FormatError as words_of.
  BagOfWords(std::span<const std::string> texts, std::span<const std::string> labels,
             const BagOfWordsOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }  ///< sorted
  std::vector<double> probabilities(std::string_view text) const;  ///< [labels]; words never seen say nothing
  /// The most probable label; of those within 1e-9 of it the first, so that rounding chooses none.
  const std::string& predict(std::string_view text) const;
  std::vector<std::string> predict(std::span<const std::string> texts) const;

 private:
  std::vector<std::string> features(std::string_view text) const;
  std::vector<size_t> columns(std::string_view text) const;
  void softmax(std::span<const size_t> columns, std::span<const double> weights, std::span<double> p) const;
  void fit(const std::vector<std::vector<size_t>>& rows, const std::vector<size_t>& classes);

  BagOfWordsOptions options_;
  std::vector<std::string> labels_;
  std::unordered_map<std::string, size_t> column_;
  std::vector<double> weights_;  // [column, class]; the last column is the bias
};

}  // namespace gradus::bert

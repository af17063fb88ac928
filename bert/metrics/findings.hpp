/// @file
/// What came of a model on labelled examples: the figures, each with an interval, which class was taken for
/// which, and the examples that it was most wrong about.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bert/metrics/classification.hpp"

namespace gradus::bert {

/// A figure such as accuracy, and how far it would move with other examples (bert/metrics/bootstrap.hpp).
struct Figure {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  /// The 95 % interval; NaN where it was not asked for, and where nothing can be said of it.
  double low = std::numeric_limits<double>::quiet_NaN(), high = std::numeric_limits<double>::quiet_NaN();
};

/// One example, and what the model said of it.
struct Finding {
  std::string text, truth, said;
  double loss = 0;  ///< how wrong that was
};

/// A task's figures on some examples.
struct Findings {
  int64_t examples = 0;
  std::vector<Figure> figures{};       ///< the one that decides first: the larger the better, at most 1
  std::vector<std::string> classes{};  ///< of the confusion matrix
  std::optional<ConfusionMatrix> confusion{};
  std::vector<Finding> worst{};  ///< wrong answers, the worst first

  /// The figure that decides.
  double value() const { return figures.front().value; }
};

/// What guesses that need no model reach in the figure that decides.
using Baselines = std::vector<std::pair<std::string, double>>;

/// What is counted beside the figures themselves, which takes longer.
enum class Detail {
  figures_only,
  all  ///< intervals and the worst examples, too
};

/// How many wrong answers Findings::worst holds.
constexpr size_t worst_shown = 20;

/// `metric` of all examples, with its bootstrap interval where `detail` is all. It is given the numbers of
/// the examples to count. Where every draw comes to the same figure, as of answers that are all right, draws
/// show nothing of what others would come to: then there is no interval.
Figure figure_of(const std::string& name, size_t examples, Detail detail,
                 const std::function<double(std::span<const size_t>)>& metric);

/// The same of several metrics, which are given the same draws: quicker where there are many examples.
/// `metrics` gives a number for each name.
std::vector<Figure> figures_of(const std::vector<std::string>& names, size_t examples, Detail detail,
                               const std::function<std::vector<double>(std::span<const size_t>)>& metrics);

/// The interval of a share of `examples`, each right or wrong, that are all right or all wrong: from
/// 0.05^(1/n) to 1, or from 0 to 1 - 0.05^(1/n). Were the true share beyond that, no more than 5 of 100
/// draws of n would be all right. It is about 3/n wide, the rule of three (Hanley and Lippman-Hand 1983, "If
/// nothing goes wrong, is everything all right?"; one-sided Clopper and Pearson 1934). A mean of numbers from
/// 0 to 1 that are all 1 is at least the share of ones, so the bound is good for it, too.
/// Changes a figure without an interval alone, and nothing where `detail` is figures_only.
void bound_certainty(Figure& figure, int64_t examples, Detail detail);

/// The numbers of the examples with the largest losses, the largest first, among those that `is_wrong`; at
/// most worst_shown.
std::vector<size_t> worst_of(std::span<const double> losses, const std::vector<bool>& is_wrong);

}  // namespace gradus::bert

// How good a classifier's or a regression's words are.
#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "autograd/ops.hpp"
#include "bert/metrics/correlation.hpp"
#include "bert/tasks/chosen.hpp"
#include "bert/tasks/classification.hpp"

namespace gradus::bert {
namespace {

std::string shown(const LabelledText& text, bool has_pairs) {
  return has_pairs ? text.text + " | " + text.pair : text.text;
}

std::vector<double> chosen(const std::vector<double>& values, std::span<const size_t> which) {
  std::vector<double> some;
  some.reserve(which.size());
  for (const size_t i : which) some.push_back(values[i]);
  return some;
}

Findings judge_labels(const TaskConfig& task, const LabelledTexts& texts, const Tensor& said, Detail detail) {
  const Chosen chosen = chosen_beside(targets_of(task, texts).labels, said);
  const auto classes = static_cast<int64_t>(task.labels.size());
  const auto matrix_of = [&](std::span<const size_t> which) {
    std::vector<int64_t> truth, guesses;
    for (const size_t i : which) {
      truth.push_back(chosen.truth[i]);
      guesses.push_back(chosen.said[i]);
    }
    return ConfusionMatrix(truth, guesses, classes);
  };
  Findings found{.examples = std::ssize(chosen.truth)};
  found.figures = figures_of({"accuracy", "macro F1", "Matthews"}, chosen.truth.size(), detail,
                             [&](std::span<const size_t> which) {
                               const ConfusionMatrix matrix = matrix_of(which);
                               return std::vector{matrix.accuracy(), matrix.macro_f1(), matrix.matthews()};
                             });
  bound_certainty(found.figures.front(), found.examples, detail);
  found.figures.push_back(chosen.loss());
  found.classes = task.labels;
  found.confusion.emplace(chosen.truth, chosen.said, classes);
  if (detail == Detail::figures_only) return found;
  for (const size_t i : chosen.worst())
    found.worst.push_back({shown(texts.rows[i], texts.has_pairs), texts.rows[i].label,
                           task.labels[static_cast<size_t>(chosen.said[i])], chosen.losses[i]});
  return found;
}

Findings judge_numbers(const LabelledTexts& texts, const Tensor& said, Detail detail) {
  std::vector<double> truth, losses;
  for (const LabelledText& text : texts.rows) truth.push_back(text.number);
  const std::vector<double> guesses = said.to(DType::f64).to_vector<double>();
  Findings found{.examples = std::ssize(truth)};
  const auto add = [&](const char* name, auto figure) {
    found.figures.push_back(figure_of(name, truth.size(), detail, [&](std::span<const size_t> which) {
      return figure(chosen(truth, which), chosen(guesses, which));
    }));
  };
  using Numbers = std::vector<double>;
  add("R2", [](const Numbers& x, const Numbers& y) { return r_squared(x, y); });
  if (truth.size() > 1) {
    add("Pearson", [](const Numbers& x, const Numbers& y) { return pearson(x, y); });
    add("Spearman", [](const Numbers& x, const Numbers& y) { return spearman(x, y); });
  }
  found.figures.push_back({"loss", mean_squared_error(truth, guesses)});
  if (detail == Detail::figures_only) return found;
  for (size_t i = 0; i < truth.size(); ++i) losses.push_back(std::pow(truth[i] - guesses[i], 2));
  for (const size_t i : worst_of(losses, std::vector<bool>(truth.size(), true)))
    found.worst.push_back({shown(texts.rows[i], texts.has_pairs), texts.rows[i].label,
                           fmt::format("{:.3g}", guesses[i]), losses[i]});
  return found;
}

}  // namespace

Targets targets_of(const TaskConfig& task, const LabelledTexts& texts) {
  Targets targets;
  for (const LabelledText& text : texts.rows) {
    if (task.regression) {
      targets.numbers.push_back(text.number);
      continue;
    }
    try {
      targets.labels.push_back(task.label_id(text.label));
    } catch (const ValueError& error) {
      fail<FormatError>("{}, line {}: {}", texts.file.string(), text.line, error.what());
    }
  }
  return targets;
}

Findings judge(const TaskConfig& task, const LabelledTexts& texts, const Tensor& said, Detail detail) {
  return task.regression ? judge_numbers(texts, said, detail) : judge_labels(task, texts, said, detail);
}

}  // namespace gradus::bert

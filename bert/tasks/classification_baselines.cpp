// What is reached without a model.
#include <algorithm>
#include <numeric>

#include "bert/evaluation/bag_of_words.hpp"
#include "bert/evaluation/label_baselines.hpp"
#include "bert/metrics/correlation.hpp"
#include "bert/tasks/classification.hpp"

namespace gradus::bert {
namespace {

/// The words of a text, and those of its pair told apart from them.
std::string words_of_both(const LabelledText& text, bool has_pairs) {
  if (!has_pairs) return text.text;
  std::string both = text.text;
  for (const std::string& word : words_of(text.pair)) both += " second" + word;
  return both;
}

std::vector<std::string> texts_of(const LabelledTexts& table) {
  std::vector<std::string> texts;
  for (const LabelledText& text : table.rows) texts.push_back(words_of_both(text, table.has_pairs));
  return texts;
}

std::vector<std::string> labels_of(const LabelledTexts& table) {
  std::vector<std::string> labels;
  for (const LabelledText& text : table.rows) labels.push_back(text.label);
  return labels;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

std::vector<double> numbers_of(const LabelledTexts& table) {
  std::vector<double> numbers;
  for (const LabelledText& text : table.rows) numbers.push_back(text.number);
  return numbers;
}

/// y = slope x + intercept with the least squares; a slope of 0 where x does not change.
struct Line {
  double slope = 0, intercept = 0;

  Line(const std::vector<double>& x, const std::vector<double>& y) {
    const double mx = mean_of(x), my = mean_of(y);
    double xx = 0, xy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      xx += (x[i] - mx) * (x[i] - mx);
      xy += (x[i] - mx) * (y[i] - my);
    }
    if (xx > 0) slope = xy / xx;
    intercept = my - slope * mx;
  }
};

}  // namespace

Baselines guesses_at(const TaskConfig& task, const LabelledTexts& training, const LabelledTexts& scored) {
  if (!task.regression) {
    const std::vector<std::string> labels = labels_of(training), truth = labels_of(scored);
    const std::vector<std::string> same(truth.size(), most_frequent(labels));
    const BagOfWords bag(texts_of(training), labels);
    return {{"most frequent label", share_right(same, truth)},
            {"bag of words", share_right(bag.predict(texts_of(scored)), truth)}};
  }
  const std::vector<double> truth = numbers_of(scored), known = numbers_of(training);
  Baselines found = {{"mean", r_squared(truth, std::vector<double>(truth.size(), mean_of(known)))}};
  if (!training.has_pairs) return found;
  const auto overlaps = [](const LabelledTexts& table) {
    std::vector<double> shares;
    for (const LabelledText& text : table.rows) shares.push_back(word_overlap(text.text, text.pair));
    return shares;
  };
  const Line line(overlaps(training), known);
  std::vector<double> said = overlaps(scored);
  for (double& value : said) value = line.slope * value + line.intercept;
  found.emplace_back("word overlap", r_squared(truth, said));
  return found;
}

}  // namespace gradus::bert

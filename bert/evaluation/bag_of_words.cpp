#include "bert/evaluation/bag_of_words.hpp"

#include <algorithm>
#include <cmath>

#include "autograd/error.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/normalizer.hpp"

namespace gradus::bert {

std::vector<std::string> words_of(std::string_view text) {
  const NormalizedText normal = BertNormalizer{}.normalize(text);
  std::vector<WordSpan> spans;
  split_words(normal.chars, spans);
  std::vector<std::string> words;
  for (const WordSpan& span : spans)
    words.push_back(encode_utf8(std::u32string_view(normal.chars).substr(span.begin, span.end - span.begin)));
  return words;
}

BagOfWords::BagOfWords(std::span<const std::string> texts, std::span<const std::string> labels,
                       const BagOfWordsOptions& options)
    : options_(options), labels_(labels.begin(), labels.end()) {
  if (texts.size() != labels.size())
    fail<ShapeError>("bag of words: {} texts and {} labels", texts.size(), labels.size());
  if (texts.empty()) fail<ValueError>("bag of words: no texts to learn from");
  if (!(options.l2 >= 0) || options.steps < 1)
    fail<ValueError>("bag of words: l2 {} and {} steps; take l2 of 0 or more and a step or more", options.l2,
                     options.steps);
  std::sort(labels_.begin(), labels_.end());
  labels_.erase(std::unique(labels_.begin(), labels_.end()), labels_.end());
  for (const std::string& text : texts)
    for (const std::string& feature : features(text)) column_.emplace(feature, column_.size());
  std::vector<std::vector<size_t>> rows;
  std::vector<size_t> classes;
  for (size_t i = 0; i < texts.size(); ++i) {
    rows.push_back(columns(texts[i]));
    classes.push_back(
        static_cast<size_t>(std::lower_bound(labels_.begin(), labels_.end(), labels[i]) - labels_.begin()));
  }
  fit(rows, classes);
}

std::vector<std::string> BagOfWords::features(std::string_view text) const {
  std::vector<std::string> all = words_of(text);
  const size_t words = all.size();
  if (options_.bigrams)
    for (size_t i = 1; i < words; ++i) all.push_back(all[i - 1] + ' ' + all[i]);
  return all;
}

std::vector<size_t> BagOfWords::columns(std::string_view text) const {
  std::vector<size_t> found;
  for (const std::string& feature : features(text))
    if (const auto at = column_.find(feature); at != column_.end()) found.push_back(at->second);
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void BagOfWords::softmax(std::span<const size_t> columns, std::span<const double> weights,
                         std::span<double> p) const {
  const size_t classes = labels_.size();
  const double x = columns.empty() ? 0 : 1 / std::sqrt(static_cast<double>(columns.size()));
  for (size_t c = 0; c < classes; ++c) p[c] = weights[column_.size() * classes + c];
  for (const size_t column : columns)
    for (size_t c = 0; c < classes; ++c) p[c] += x * weights[column * classes + c];
  const double largest = *std::max_element(p.begin(), p.end());
  double sum = 0;
  for (double& value : p) sum += value = std::exp(value - largest);
  for (double& value : p) value /= sum;
}

void BagOfWords::fit(const std::vector<std::vector<size_t>>& rows, const std::vector<size_t>& classes) {
  const size_t size = (column_.size() + 1) * labels_.size();
  weights_.assign(size, 0);
  std::vector<double> ahead(size, 0), gradient(size), p(labels_.size());
  const double step = 1 / (1 + options_.l2), share = 1 / static_cast<double>(rows.size());
  for (int64_t k = 0; k < options_.steps; ++k) {
    for (size_t j = 0; j < size; ++j) gradient[j] = options_.l2 * ahead[j];
    for (size_t i = 0; i < rows.size(); ++i) {
      softmax(rows[i], ahead, p);
      p[classes[i]] -= 1;
      const double x = rows[i].empty() ? 0 : share / std::sqrt(static_cast<double>(rows[i].size()));
      for (size_t c = 0; c < p.size(); ++c) gradient[size - p.size() + c] += share * p[c];
      for (const size_t column : rows[i])
        for (size_t c = 0; c < p.size(); ++c) gradient[column * p.size() + c] += x * p[c];
    }
    const double momentum = static_cast<double>(k) / static_cast<double>(k + 3);
    for (size_t j = 0; j < size; ++j) {
      const double next = ahead[j] - step * gradient[j];
      ahead[j] = next + momentum * (next - weights_[j]);
      weights_[j] = next;
    }
  }
}

std::vector<double> BagOfWords::probabilities(std::string_view text) const {
  std::vector<double> p(labels_.size());
  softmax(columns(text), weights_, p);
  return p;
}

const std::string& BagOfWords::predict(std::string_view text) const {
  const std::vector<double> p = probabilities(text);
  const double best = *std::max_element(p.begin(), p.end()) - 1e-9;
  return labels_[static_cast<size_t>(std::find_if(p.begin(), p.end(), [=](double v) { return v >= best; }) -
                                     p.begin())];
}

std::vector<std::string> BagOfWords::predict(std::span<const std::string> texts) const {
  std::vector<std::string> labels;
  for (const std::string& text : texts) labels.push_back(predict(text));
  return labels;
}

}  // namespace gradus::bert

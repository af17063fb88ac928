#include "bert/metrics/classification.hpp"

#include <cmath>

#include "autograd/error.hpp"
#include "bert/metrics/share.hpp"

namespace gradus::bert {
namespace {

void check_places(std::span<const int64_t> labels, int64_t classes, const char* what) {
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] >= 0 && labels[i] < classes) continue;
    fail<IndexError>("confusion matrix: {} class {} at place {} is not one of 0 to {}", what, labels[i], i,
                     classes - 1);
  }
}

}  // namespace

ConfusionMatrix::ConfusionMatrix(std::span<const int64_t> truth, std::span<const int64_t> predicted,
                                 int64_t classes)
    : classes_(classes), examples_(static_cast<int64_t>(truth.size())) {
  if (classes < 1) fail<ValueError>("confusion matrix: {} classes, but one is the least", classes);
  if (truth.size() != predicted.size()) {
    fail<ValueError>("confusion matrix: {} true and {} predicted classes; each example needs both",
                     truth.size(), predicted.size());
  }
  if (truth.empty()) fail<ValueError>("confusion matrix: there is no example to count");
  check_places(truth, classes, "the true");
  check_places(predicted, classes, "the predicted");
  counts_.resize(static_cast<size_t>(classes) * static_cast<size_t>(classes));
  for (size_t i = 0; i < truth.size(); ++i) ++counts_[static_cast<size_t>(truth[i] * classes + predicted[i])];
}

void ConfusionMatrix::check(int64_t label) const {
  if (label < 0 || label >= classes_)
    fail<IndexError>("confusion matrix: class {} is not one of 0 to {}", label, classes_ - 1);
}

int64_t ConfusionMatrix::operator()(int64_t truth, int64_t predicted) const {
  check(truth);
  check(predicted);
  return at(truth, predicted);
}

int64_t ConfusionMatrix::truly(int64_t label) const {
  int64_t sum = 0;
  for (int64_t k = 0; k < classes_; ++k) sum += at(label, k);
  return sum;
}

int64_t ConfusionMatrix::predicted_as(int64_t label) const {
  int64_t sum = 0;
  for (int64_t k = 0; k < classes_; ++k) sum += at(k, label);
  return sum;
}

double ConfusionMatrix::accuracy() const {
  int64_t right = 0;
  for (int64_t k = 0; k < classes_; ++k) right += at(k, k);
  return share(right, examples_);
}

ClassScore ConfusionMatrix::score(int64_t label) const {
  check(label);
  const int64_t right = at(label, label), all = truly(label), predicted = predicted_as(label);
  return {share(right, predicted), share(right, all), share(2 * right, predicted + all), all};
}

double ConfusionMatrix::macro_f1() const {
  double sum = 0;
  for (int64_t k = 0; k < classes_; ++k) sum += score(k).f1;
  return sum / static_cast<double>(classes_);
}

double ConfusionMatrix::matthews() const {
  const auto n = static_cast<double>(examples_);
  double right = 0, both = 0, truths = 0, guesses = 0;
  for (int64_t k = 0; k < classes_; ++k) {
    const auto t = static_cast<double>(truly(k)), p = static_cast<double>(predicted_as(k));
    right += static_cast<double>(at(k, k));
    both += t * p;
    truths += t * t;
    guesses += p * p;
  }
  const double spread = (n * n - guesses) * (n * n - truths);
  return spread == 0 ? 0 : (right * n - both) / std::sqrt(spread);
}

}  // namespace gradus::bert

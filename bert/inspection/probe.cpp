#include "bert/inspection/probe.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "autograd/error.hpp"
#include "autograd/grad_mode.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "bert/evaluation/label_baselines.hpp"

namespace gradus::bert {
namespace {

void check(const LabelledVectors& data) {
  if (data.vectors.rank() != 2 || data.vectors.size(0) != std::ssize(data.labels))
    fail<ShapeError>("probe: vectors {} for {} labels", data.vectors.shape(), data.labels.size());
  if (data.labels.empty()) fail<ValueError>("probe: there is no vector");
}

/// A number from a text that is the same everywhere (FNV-1a), for what is drawn for a word.
uint64_t number_of(const std::string& word) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : word) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace

LinearProbe::LinearProbe(const LabelledVectors& training, const ProbeOptions& options) {
  check(training);
  const std::set<std::string> all(training.labels.begin(), training.labels.end());
  labels_.assign(all.begin(), all.end());
  if (labels_.size() < 2) fail<ValueError>("probe: every vector has the label '{}'", labels_.front());
  const NoGrad no_grad;
  const Tensor x = training.vectors.to(DType::f64);
  mean_ = mean(x, Axes{0});
  scale_ = maximum(sqrt(var(x, Axes{0}, false, 0)), 1e-12);
  const Tensor z = (x - mean_) / scale_;  // [N, H]
  const int64_t rows = z.size(0), width = z.size(1), classes = std::ssize(labels_);

  std::vector<double> one_hot(static_cast<size_t>(rows * classes), 0);
  for (size_t i = 0; i < training.labels.size(); ++i) {
    const auto at = std::ranges::lower_bound(labels_, training.labels[i]) - labels_.begin();
    one_hot[i * static_cast<size_t>(classes) + static_cast<size_t>(at)] = 1;
  }
  const Tensor target = tensor(one_hot, Shape{rows, classes});
  // Softmax's curvature is at most 1/2, and |z|^2 / N sums to H: a bound that every direction keeps.
  const double curvature = 0.5 * static_cast<double>(width + 1) + options.l2;
  weight_ = zeros({classes, width}, DType::f64);
  bias_ = zeros({classes}, DType::f64);
  Tensor ahead_weight = weight_, ahead_bias = bias_;
  for (int64_t step = 0; step < options.steps; ++step) {
    const Tensor error =
        (softmax(linear(z, ahead_weight, ahead_bias)) - target) / static_cast<double>(rows);  // [N, C]
    const Tensor weight =
        ahead_weight - (matmul(error.transpose(0, 1), z) + ahead_weight * options.l2) / curvature;
    const Tensor bias = ahead_bias - sum(error, Axes{0}) / curvature;
    const double momentum = static_cast<double>(step) / static_cast<double>(step + 3);
    ahead_weight = weight + (weight - weight_) * momentum;
    ahead_bias = bias + (bias - bias_) * momentum;
    weight_ = weight;
    bias_ = bias;
  }
}

std::vector<std::string> LinearProbe::predict(const Tensor& vectors) const {
  const NoGrad no_grad;
  const Tensor z = (vectors.to(DType::f64) - mean_) / scale_;
  std::vector<std::string> said;
  for (const int64_t best : argmax(linear(z, weight_, bias_), -1).to_vector<int64_t>())
    said.push_back(labels_[static_cast<size_t>(best)]);
  return said;
}

double LinearProbe::accuracy(const LabelledVectors& scored) const {
  check(scored);
  return share_right(predict(scored.vectors), scored.labels);
}

std::vector<std::string> control_labels(const std::vector<std::string>& words,
                                        const std::vector<std::string>& like, uint64_t seed) {
  std::vector<std::string> labels;
  for (const std::string& word : words) {
    Rng rng = Rng(seed).split(number_of(word));
    labels.push_back(like[rng.below(like.size())]);
  }
  return labels;
}

ProbeResult probe(const LabelledVectors& training, const LabelledVectors& scored, const ProbeOptions& options,
                  uint64_t seed) {
  for (const LabelledVectors* data : {&training, &scored}) {
    check(*data);
    if (data->words.size() != data->labels.size())
      fail<ShapeError>("probe: {} words for {} labels", data->words.size(), data->labels.size());
  }
  const auto as_control = [&](LabelledVectors data) {
    data.labels = control_labels(data.words, training.labels, seed);
    return data;
  };
  const std::vector<std::string> same(scored.labels.size(), most_frequent(training.labels));
  return {LinearProbe(training, options).accuracy(scored),
          LinearProbe(as_control(training), options).accuracy(as_control(scored)),
          share_right(same, scored.labels)};
}

}  // namespace gradus::bert

/// @file
/// Linear probes: what can be read off a layer's vectors by a straight line, and how much of that the probe
/// learnt by itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::bert {

/// Vectors with a label each, such as those of words with their classes.
struct LabelledVectors {
  Tensor vectors;                     ///< [N, H]
  std::vector<std::string> labels{};  ///< [N]
  std::vector<std::string> words{};   ///< [N]: which word each is of, for the control task
};

struct ProbeOptions {
  double l2 = 1e-3;  ///< weight of the penalty
  int64_t steps = 300;
};

/// Softmax regression on vectors, each column first moved to mean 0 and variance 1 over the training vectors:
/// W minimises the mean cross entropy + l2 / 2 |W|^2, the bias not counted, by Nesterov's (1983) method with
/// a step from the largest curvature. Nothing is random.
class LinearProbe {
 public:
  /// @throws ShapeError unless there is a label for each vector; ValueError without vectors or for one label
  ///         alone.
  LinearProbe(const LabelledVectors& training, const ProbeOptions& options = {});

  const std::vector<std::string>& labels() const { return labels_; }  ///< sorted
  std::vector<std::string> predict(const Tensor& vectors) const;      ///< [N, H]
  double accuracy(const LabelledVectors& scored) const;

 private:
  std::vector<std::string> labels_;
  Tensor mean_, scale_, weight_, bias_;  // f64: [H], [H], [C, H], [C]
};

/// What a probe reaches, beside a control task on the same vectors: each word gets one label at random, drawn
/// as often as the true ones are, which only a probe that learns words by heart can tell (Hewitt and Liang
/// 2019, "Designing and Interpreting Probes with Control Tasks", section 2).
struct ProbeResult {
  double accuracy = 0, control = 0;
  double majority = 0;  ///< of the most frequent label in training
  double selectivity() const { return accuracy - control; }
};

/// Trains both probes on `training` and scores them on `scored`. @throws as LinearProbe; ShapeError unless
/// there is a word for each vector.
ProbeResult probe(const LabelledVectors& training, const LabelledVectors& scored,
                  const ProbeOptions& options = {}, uint64_t seed = 0);

/// The labels of the control task: one for each word, whatever its sentence.
std::vector<std::string> control_labels(const std::vector<std::string>& words,
                                        const std::vector<std::string>& like, uint64_t seed);

}  // namespace gradus::bert

/// @file
/// The subjects of the gradient-check laboratory: every op and every layer, each with inputs to check it at.
///
/// The list is kept whole by a test, which reads autograd/ops.hpp and the headers of nn/ and fails for an op
/// or a layer without an entry here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "autograd/gradcheck/sweep.hpp"
#include "nn/gradcheck.hpp"

namespace gradus::lab {

using Inputs = std::vector<Tensor>;
using Function = std::function<Tensor(const Inputs&)>;

/// A function at a point. With a module, its parameters are checked too.
struct Sample {
  Function fn;
  Inputs inputs;
  std::optional<nn::Module> module = {};
};

/// Numbers for the free dimensions of a subject's inputs; it has its own for those that are not given.
struct Sizes {
  std::optional<int64_t> rows = {}, size = {};
};

struct Subject {
  std::string name;   ///< "gelu", "composed::softmax", "LayerNorm"; variants as "bias_activation.relu"
  std::string group;  ///< "op" or "layer"
  std::function<Sample(uint64_t seed, const Sizes& sizes)> make;
  bool smooth = true;  ///< has derivatives of every order, none of them trivial: its V-curve is a V
  /// The least rows and the least size that it can be sampled at; none where it has no such dimension.
  std::optional<int64_t> least_rows = {}, least_size = {};

  /// Other values for another seed.
  Sample sample(uint64_t seed, const Sizes& sizes = {}) const { return make(seed, sizes); }
};

/// Ops in the order of autograd/ops.hpp, then layers.
const std::vector<Subject>& subjects();
/// The subject called `name`; null if there is none.
const Subject* find_subject(const std::string& name);

/// The ops that have no gradient, and why.
struct WithoutGradient {
  std::string name, reason;
};
const std::vector<WithoutGradient>& ops_without_gradient();

GradcheckReport check(const Sample& sample, const GradcheckOptions& options = {});
Sweep sweep(const Sample& sample, const GradcheckOptions& options = {});

/// Values spread evenly over [low, high] in random order: no two are close, so that max has no near tie.
Tensor spread(const Shape& shape, uint64_t seed, double low = -2, double high = 2);

// The parts of the list.
std::vector<Subject> arithmetic_subjects();
std::vector<Subject> function_subjects();
std::vector<Subject> layout_subjects();
std::vector<Subject> fused_subjects();
std::vector<Subject> layer_subjects();

}  // namespace gradus::lab

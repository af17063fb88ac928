/// @file
/// Reverse mode: from outputs back to leaves, newest op first.
///
/// Since an op is always newer than the ops it used, a heap on creation order visits every node after all
/// nodes that send a gradient to it, with no sorting pass and no recursion: a chain of a million ops is no
/// problem.
#pragma once

#include <functional>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus {

struct BackwardOptions {
  bool retain_graph = false;  ///< keep what the ops saved, so that backward can run again
  bool create_graph = false;  ///< record the backward itself, so that its gradients can be differentiated
  bool allow_unused = false;  ///< `grad` only: an input that no output depends on gives an undefined tensor
  /// `backward` only: called for each leaf as soon as its grad() is complete, while older ops are still to
  /// come.
  std::function<void(const Tensor& leaf)> leaf_done = {};
};

/// Adds d(sum of outputs * cotangents)/d(leaf) to the `grad()` of every leaf, to each as soon as the last op
/// that used it has run, so that the gradients of all weights need not be held at once. A missing cotangent
/// is 1 for a scalar output and a GraphError otherwise. @throws GraphError if an output has no graph, if a
/// graph was freed by an earlier backward, or if a saved value was changed in place.
void backward(const std::vector<Tensor>& outputs, const std::vector<Tensor>& cotangents = {},
              BackwardOptions options = {});

/// The gradients of sum(outputs * cotangents) with respect to `inputs`, one or more, and nothing else: no
/// leaf is touched, and no hook of another leaf runs. With `create_graph` they can be differentiated again
/// (and the graph is kept).
std::vector<Tensor> grad(const std::vector<Tensor>& outputs, const std::vector<Tensor>& inputs,
                         const std::vector<Tensor>& cotangents = {}, BackwardOptions options = {});

}  // namespace gradus

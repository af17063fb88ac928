/// @file
/// Switches of the tape that hold for the current thread while a guard lives.
#pragma once

namespace gradus {

bool grad_enabled();      ///< Are ops recorded?
bool anomaly_enabled();   ///< Is every output and gradient searched for NaN and Inf?
bool composed_ops();      ///< Does every fused op give its composed twin?
bool first_order_only();  ///< Do fused ops keep nothing for a gradient of the gradient?
bool frees_graph();       ///< Does the backward that runs let go of what ops saved once it has used it?

/// While it lives, a switch of this thread has a value; after it, the one of before.
class SwitchGuard {
 public:
  SwitchGuard(const SwitchGuard&) = delete;
  SwitchGuard& operator=(const SwitchGuard&) = delete;

 protected:
  SwitchGuard(bool& flag, bool value);
  ~SwitchGuard();

 private:
  bool& flag_;
  bool before_;
};

/// While it lives, ops are recorded (or not).
class GradMode : SwitchGuard {
 public:
  explicit GradMode(bool enabled);
};

/// While it lives, ops are not recorded: for evaluation and for optimiser steps.
class NoGrad : GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

/// While it lives, every fused op gives its composed twin (namespace `composed` in autograd/ops.hpp): the
/// same numbers up to rounding, from primitives that each leave a node on the tape. For teaching, and for
/// holding the fused ops to their twins.
class ComposedOps : SwitchGuard {
 public:
  explicit ComposedOps(bool enabled = true);
};

/// While it lives, what fused ops record can be differentiated once: a backward with `create_graph` through
/// it throws a GraphError. In return they do not keep inputs that only their twins would need, in a layer of
/// BERT what comes out of three of its six products, six of 22 [B, S, H]: for training steps.
class FirstOrderOnly : SwitchGuard {
 public:
  explicit FirstOrderOnly(bool enabled = true);
};

/// While it lives, a backward runs that frees the graph (or not). Set by the engine, for ops that may then
/// write a gradient over what they saved.
class FreesGraph : SwitchGuard {
 public:
  explicit FreesGraph(bool enabled);
};

/// While it lives, the first NaN or Inf in any output or gradient throws a GraphError that names the op, the
/// index and the part of the model. Slow: for finding out where a NaN comes from.
class DetectAnomaly : SwitchGuard {
 public:
  explicit DetectAnomaly(bool enabled = true);
};

}  // namespace gradus

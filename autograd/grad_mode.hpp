/// @file
/// Switches of the tape that hold for the current thread while a guard lives.
#pragma once

#include <string>

namespace gradus {

bool grad_enabled();     ///< Are ops recorded?
bool anomaly_enabled();  ///< Is every output and gradient searched for NaN and Inf?
bool composed_ops();     ///< Does every fused op give its composed twin?

/// While it lives, ops are recorded (or not).
class GradMode {
 public:
  explicit GradMode(bool enabled);
  ~GradMode();
  GradMode(const GradMode&) = delete;
  GradMode& operator=(const GradMode&) = delete;

 private:
  bool before_;
};

/// While it lives, ops are not recorded: for evaluation and for optimiser steps.
class NoGrad : GradMode {
 public:
  NoGrad() : GradMode(false) {}
};

/// While it lives, every fused op gives its composed twin (namespace `composed` in autograd/ops.hpp): the
/// same numbers up to rounding, from primitives that each leave a node on the tape. For teaching, and for
/// holding the fused ops to their twins.
class ComposedOps {
 public:
  explicit ComposedOps(bool enabled = true);
  ~ComposedOps();
  ComposedOps(const ComposedOps&) = delete;
  ComposedOps& operator=(const ComposedOps&) = delete;

 private:
  bool before_;
};

/// While it lives, the first NaN or Inf in any output or gradient throws a GraphError that names the op, the
/// module path and the index. Slow: for finding out where a NaN comes from.
class DetectAnomaly {
 public:
  explicit DetectAnomaly(bool enabled = true);
  ~DetectAnomaly();
  DetectAnomaly(const DetectAnomaly&) = delete;
  DetectAnomaly& operator=(const DetectAnomaly&) = delete;

 private:
  bool before_;
};

/// While it lives, ops belong to the part of the model called `name` (inside the scopes around it). Layers
/// open one in their forward, so that errors and anomalies can say where in the model they happened. The name
/// is not copied: it must live as long.
class ModuleScope {
 public:
  explicit ModuleScope(const std::string& name);
  explicit ModuleScope(std::string&& name) = delete;
  ~ModuleScope();
  ModuleScope(const ModuleScope&) = delete;
  ModuleScope& operator=(const ModuleScope&) = delete;
};

/// The names of the open scopes, joined by points: "bert.encoder.layer.0"; empty outside all.
std::string module_path();

}  // namespace gradus

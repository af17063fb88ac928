/// @file
/// Module: a part of a model that knows its parameters and its parts by name.
///
///     class Linear : public Module {
///      public:
///       Linear(int64_t in, int64_t out, Rng& rng)
///           : weight(parameter("weight", randn({out, in}, rng) * 0.02)),
///             bias(parameter("bias", zeros({out}))) {}
///       Tensor operator()(const Tensor& x) const {
///         const ModuleScope scope = enter();
///         return linear(x, weight, bias);
///       }
///       const Tensor weight, bias;  // [out, in], [out]
///     };
///
///     class Mlp : public Module {
///      public:
///       explicit Mlp(Rng& rng)
///           : first(child("first", Linear(2, 8, rng))), second(child("second", Linear(8, 1, rng))) {}
///       Tensor operator()(const Tensor& x) const {
///         const ModuleScope scope = enter();
///         return second(tanh(first(x)));
///       }
///       const Linear first, second;  // first.weight, first.bias, second.weight, second.bias
///     };
///
/// A name is given once, in the constructor, and is the key in checkpoints: so a name is data, and changing
/// one breaks files. Like a Tensor, a Module is a handle: copies share their parameters and their mode.
/// Moving one copies it, so what was moved from stays a handle too.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autograd/autograd.hpp"

namespace gradus::nn {

/// Tensors by name, sorted: what a checkpoint holds.
using StateDict = std::map<std::string, Tensor>;

/// What is known of a tensor before its values are.
struct TensorEntry {
  std::string name;
  DType dtype;
  Shape shape;
};

/// What load_state_dict did with each name.
struct LoadReport {
  std::vector<std::string> missing;  ///< parameters that the state has no tensor for; they keep their values
  std::vector<std::string> unexpected;  ///< tensors of the state that the module has no parameter for
};

class Module {
 public:
  Module();
  Module(const Module&) = default;
  Module& operator=(const Module&) = default;

  /// Every parameter once, with its full name ("encoder.layer.0.output.dense.weight"), in order of
  /// construction. A tensor that is used in two places (a tied weight) appears under its first name.
  std::vector<std::pair<std::string, Tensor>> named_parameters() const;
  std::vector<Tensor> parameters() const;
  int64_t num_parameters() const;  ///< The number of numbers in them.

  /// Training mode switches dropout on; eval mode switches it off. Holds for all parts. Modules start in
  /// training mode.
  void train(bool on = true) const;
  void eval() const { train(false); }
  bool is_training() const;

  /// Converts all parameters, in place: handles to them stay valid. The gradient of one that changes is
  /// dropped.
  void to(DType dtype) const;
  void zero_grad() const;  ///< Zeroes every gradient that exists.

  StateDict state_dict() const;  ///< The parameters, detached, by name; they share memory with the module.
  /// Copies values into the parameters, converting the dtype. @throws ShapeError if a shape differs and,
  /// if `strict`, FormatError for a missing or unexpected name. Either names every one at once, and nothing
  /// is loaded.
  LoadReport load_state_dict(const StateDict& state, bool strict = true) const;

  /// The tree of parts, indented, with shapes and counts.
  std::string describe() const;

 protected:
  /// Names a parameter: marks it as requiring a gradient and returns it. @throws Error for a name that is
  /// taken, also by a parameter of a part.
  Tensor parameter(const std::string& name, Tensor value) const;
  /// Names a part and returns it. A point in the name makes levels: "self.query". With an empty name the
  /// part's own names stand beside this module's, without a prefix. @throws Error if the name, or the full
  /// name of one of its parameters, is taken.
  template <class M>
  M child(const std::string& name, M module) const {
    adopt(name, module);
    return module;
  }
  /// To be held during forward, so that errors and anomalies can name this part of the model: its full name,
  /// as in named_parameters() of the whole, also where a part is called by itself. A part that two models
  /// share has the name that the first gave it, as long as that one is there.
  ModuleScope enter() const;

 private:
  friend class EvalMode;
  struct Registry;
  void adopt(const std::string& name, const Module& module) const;
  std::shared_ptr<Registry> registry_;
};

/// Eval mode while it lives; afterwards every part has its own mode back.
///
///     const EvalMode eval(model);
class EvalMode {
 public:
  explicit EvalMode(const Module& module);
  ~EvalMode();
  EvalMode(const EvalMode&) = delete;
  EvalMode& operator=(const EvalMode&) = delete;

 private:
  std::vector<std::pair<std::shared_ptr<Module::Registry>, bool>> before_;  // each part and its mode
};

}  // namespace gradus::nn

/// @file
/// ParameterArena: all parameters of a module in one array, and all their gradients in another.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "nn/module.hpp"

namespace gradus::nn {

/// Which parameters decay towards 0, by name.
using DecayRule = std::function<bool(const std::string& name)>;

/// All but biases and what belongs to a normalisation: false for names that end in "bias" or contain
/// "LayerNorm" or "norm" (as google-research/bert and Hugging Face's examples do; embeddings do decay).
bool decays_by_name(const std::string& name);

/// What an optimiser steps over, with names: the parameters of a module, or any tensors whose gradient is
/// wanted, named "0", "1", ... in their order.
///
///     AdamW of_model(model);
///     AdamW of_tensors({w, b}, {.lr = 0.1});
class Parameters {
 public:
  Parameters(const Module& module) : named_(module.named_parameters()) {}  // implicit, as in the examples
  /// @throws Error if a tensor is undefined, listed twice or was computed (is no leaf).
  Parameters(const std::vector<Tensor>& tensors);
  Parameters(std::initializer_list<Tensor> tensors) : Parameters(std::vector<Tensor>(tensors)) {}

  const std::vector<std::pair<std::string, Tensor>>& named() const { return named_; }

 private:
  std::vector<std::pair<std::string, Tensor>> named_;
};

/// The parameters that require a gradient at construction, moved into one flat array, with a flat array of
/// gradients beside it. Handles to the parameters stay valid: they become views. Each parameter's grad() is a
/// view of the gradient array, to which backward adds.
///
/// Parameters that decay come first, then the others; among both in order of construction, without gaps. So
/// an optimiser step is one pass over memory, and the weights of query, key and value, which are made one
/// after the other, are one matrix [3H, H].
class ParameterArena {
 public:
  struct Entry {
    std::string name;
    Tensor parameter;
    int64_t offset;  ///< in elements from the start of the flat arrays
  };

  /// @throws DTypeError if the parameters have different dtypes, Error if none requires a gradient or the
  /// rule is empty.
  explicit ParameterArena(const Parameters& parameters, const DecayRule& decays = decays_by_name);

  const std::vector<Entry>& entries() const { return entries_; }
  int64_t size() const { return values_.numel(); }
  int64_t decaying() const { return decaying_; }  ///< Elements [0, decaying()) decay.
  DType dtype() const { return values_.dtype(); }

  Tensor values() const { return values_; }        ///< [size()], aligned to 64 bytes
  Tensor gradients() const { return gradients_; }  ///< [size()], aligned to 64 bytes

  /// The part of a flat array [size()] that belongs to an entry, in the parameter's shape.
  Tensor part(const Tensor& flat, const Entry& entry) const;

  /// Makes sure that every gradient lies in `gradients()`: one that was cleared counts as 0, one that was set
  /// from outside is copied in. @throws GraphError if a parameter was moved away, as Module::to does, and if
  /// one requires a gradient now that was frozen at construction.
  void gather() const;

  void zero_grad() const;  ///< All gradients to 0, in one pass.

 private:
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, Tensor>> outside_;  // frozen at construction
  int64_t decaying_ = 0;
  Tensor values_, gradients_;
};

}  // namespace gradus::nn

/// @file
/// Two sets of weights side by side: are they the same model?
#pragma once

#include <string>
#include <vector>

#include "autograd/tensor.hpp"
#include "nn/module.hpp"

namespace gradus::bert {

/// What two sets of weights have in common, and what not. All lists are in the order of names.
struct WeightComparison {
  struct Misshaped {
    std::string name;
    Shape first, second;
  };
  struct Difference {
    std::string name;
    Shape shape;
    double largest = 0;  ///< the largest |a - b|, 0 for tensors of no element; NaN if one of these is
  };

  std::vector<std::string> only_first, only_second;  ///< names that the other has not
  std::vector<Misshaped> misshaped;
  std::vector<Difference> differences;  ///< of each tensor that is in both and has one shape

  /// The tensor that differs most, a NaN before all numbers; null where no tensor was compared.
  const Difference* worst() const;
  /// Same names, same shapes, and no difference at all.
  bool is_same() const;
};

/// Compares tensors by name, as doubles, whatever their dtypes are.
WeightComparison compare_weights(const nn::StateDict& first, const nn::StateDict& second);

}  // namespace gradus::bert

/// @file
/// What one of several optimisers steps over, where each has the whole model: one on each rank.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::nn {

/// The elements of the flat arrays over which one of several optimisers steps, each of which has the whole
/// model: they keep the moments of their own elements only (ZeRO, stage 1: Rajbhandari et al. 2020, section
/// 5.1).
struct OptimizerShare {
  struct Part {
    int64_t begin, end;
  };
  std::vector<Part> parts;  ///< rising; bounds are multiples of kernels::elements_per_piece, or the end
  /// Adds the other optimisers' numbers to these.
  std::function<void(std::span<double>)> add_up;
  /// Fills in what the others have in a flat array.
  std::function<void(const Tensor& flat)> gather;
  /// The elements `range` of a flat array of which every optimiser has its parts, one after the other in
  /// `mine`; undefined for those that are not to save them.
  std::function<Tensor(const Tensor& mine, const Part& range)> collect;
};

}  // namespace gradus::nn

/// @file
/// What a head does, seen from what is missing without it.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "bert/model/model.hpp"

namespace gradus::bert {

/// A head by its layer and its number in it, both from 0.
struct HeadName {
  int64_t layer = 0, head = 0;
  auto operator<=>(const HeadName&) const = default;
};

/// While it lives, these heads add nothing: the columns of W_o that belong to them are 0 (Michel, Levy and
/// Neubig 2019, "Are Sixteen Heads Really Better than One?", section 2.3, where the head's result is set to
/// 0, which is the same). Afterwards the weights are what they were, bit for bit.
class HeadAblation {
 public:
  /// `model` must outlive it. @throws IndexError for a head that the model does not have.
  HeadAblation(const Bert& model, const std::vector<HeadName>& heads);
  HeadAblation(const HeadAblation&) = delete;
  HeadAblation& operator=(const HeadAblation&) = delete;
  ~HeadAblation();

 private:
  std::vector<std::pair<Tensor, Tensor>> kept_;  // columns of a weight, and what they were
};

/// All heads of a model, layer by layer.
std::vector<HeadName> all_heads(const Bert& model);

}  // namespace gradus::bert

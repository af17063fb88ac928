/// @file
/// The choice of an optimiser by its name, for commands and for whoever reads settings from a file.
#pragma once

#include <memory>
#include <string_view>

#include "nn/optimizers/optimizer.hpp"

namespace gradus::nn {

struct OptimizerSettings {
  double learning_rate = 1e-3;
  double weight_decay = 0.01;
  double beta1 = 0.9, beta2 = 0.999;  ///< of the Adam family, and of AdamW beside Muon
  std::vector<ParameterGroup> groups = {};
};

/// "adamw", "bert-adam", "adam", "muon" (with AdamW for all but the hidden matrices) or "sgd" (with momentum
/// 0.9).
/// @throws ValueError for any other name.
std::unique_ptr<Optimizer> optimizer_by_name(std::string_view name, const Parameters& parameters,
                                             const OptimizerSettings& settings = {});

}  // namespace gradus::nn

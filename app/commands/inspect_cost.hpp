/// @file
/// What a training step of a config costs, as `gradus inspect --cost` says it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace gradus::app {

struct CostCall {
  std::filesystem::path path;         ///< a model's folder, a config.json, or the name of a published size
  std::optional<int64_t> vocab_size;  ///< of a published size
  int64_t batch = 32, length = 0;     ///< rows, and slots of each; 0: 128, or all that the model has
  int64_t threads = 0, steps = 5;     ///< steps that are measured
  double masked = 0.15;
  bool json = false;
};

/// Prints operations, bytes, predicted and measured milliseconds of each part, forward and backward.
/// @throws WrongCall for a path that is nothing of this, a vocabulary's size for what has its own, and rows
///         longer than the model's; as bert::load_config.
void show_cost(const CostCall& call);

}  // namespace gradus::app

/// @file
/// Finding the checkpoint with which a run goes on.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "bert/training/training_state.hpp"
#include "parallel/world.hpp"

namespace gradus::bert {

/// What a checkpoint holds beside the model's folder.
inline constexpr const char* moments_file = "optimizer.safetensors";
inline constexpr const char* state_file = "training_state.json";

struct Resumable {
  std::filesystem::path checkpoint;
  TrainingState state;
  std::vector<std::string>
      damaged;  ///< for each newer checkpoint that cannot be read, a sentence that says why
};

/// The newest whole checkpoint of a run that can be read: its state, its tokenizer, its config, and weights
/// and moments of the right length. Damaged ones are named and left where they are. Nothing if there is none
/// at all.
/// @throws FormatError that names them if there are checkpoints and none can be read.
std::optional<Resumable> find_resumable(const std::filesystem::path& run);

/// What rank 0 has found, for all ranks: they read the same folder.
std::optional<Resumable> share(parallel::World& world, std::optional<Resumable> found);

}  // namespace gradus::bert

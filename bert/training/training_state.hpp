/// @file
/// Where a training run stands: all that a checkpoint holds beside the parameters and the optimiser's
/// moments.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace gradus::bert {

/// The generator needs no entry: every random number follows from the seed and the numbers below.
struct TrainingState {
  int64_t step = 0;      ///< finished steps
  int64_t epoch = 0;     ///< of the data, counted over all lengths
  int64_t index = 0;     ///< rows of this epoch that have been used
  int64_t length = 0;    ///< slots a row in this epoch
  int64_t slots = 0;     ///< seen so far, with padding
  int64_t tokens = 0;    ///< of the text seen so far: neither padding nor [CLS] and [SEP]
  double seconds = 0;    ///< training time so far
  double best_loss = 0;  ///< the smallest held-out loss so far; of no meaning while best_step is -1
  int64_t best_step = -1;
  int64_t no_better = 0;       ///< evaluations since the best one
  bool must_evaluate = false;  ///< the run was stopped within the evaluation of this step
  uint64_t seed = 0;
  std::string settings;  ///< a line that says how the run was called; another one cannot resume it

  bool operator==(const TrainingState&) const = default;
};

std::string to_json(const TrainingState& state);
/// @throws FormatError that names `file` and the key.
TrainingState training_state_from_json(const std::string& json, const std::filesystem::path& file);

/// @throws FormatError that names `file`, the key and its value when no run of `step` steps can be in this
/// state.
void check_after_steps(const TrainingState& state, int64_t step, const std::filesystem::path& file);

/// "FILE: the key "step" is 59, but must be 60".
[[noreturn]] void refuse_state(const std::filesystem::path& file, const std::string& key,
                               const std::string& value, const std::string& wanted);

}  // namespace gradus::bert

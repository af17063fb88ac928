#include "bert/training/resumable.hpp"

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "bert/model/config.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "nn/safetensors.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;

std::optional<Resumable> find_resumable(const fs::path& run) {
  std::vector<std::string> damaged;
  for (const fs::path& checkpoint : CheckpointFolder(run).whole()) {
    try {
      const fs::path state = checkpoint / state_file;
      Resumable found{checkpoint, training_state_from_json(read_file(state), state), damaged};
      check_after_steps(found.state, step_of_checkpoint(checkpoint), state);
      load_config(checkpoint / "config.json");
      load_tokenizer(checkpoint);
      // A file that was cut short is noticed by its header.
      const nn::SafetensorsFile weights(checkpoint / "model.safetensors"), moments(checkpoint / moments_file);
      return found;
    } catch (const Error& error) {
      damaged.emplace_back(error.what());
    }
  }
  if (damaged.empty()) return std::nullopt;
  fail<FormatError>("{}: no checkpoint can be read: {}", run.string(), fmt::join(damaged, "; "));
}

std::optional<Resumable> share(parallel::World& world, std::optional<Resumable> found) {
  std::string place = found ? found->checkpoint.string() : "";
  world.broadcast(place);
  if (place.empty() || found) return found;
  const fs::path file = fs::path(place) / state_file;
  return Resumable{
      .checkpoint = place, .state = training_state_from_json(read_file(file), file), .damaged = {}};
}

}  // namespace gradus::bert

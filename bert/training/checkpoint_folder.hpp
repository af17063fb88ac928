/// @file
/// The checkpoints of a run, so that there is always a whole one, whenever the run is killed.
///
/// In the folder `checkpoints` of a run a name says what a folder is:
///
///     step-N                 a whole checkpoint of step N
///     .step-N.replaced       a whole one too, that a newer one of the same step is about to replace
///     .step-N.unfinished     one that is being written
///     .step-N.removed        one that is being removed
///
/// A name changes in one step of the file system. So a checkpoint has its final name only once all of it is
/// on the disk, and loses it before the first of its files is removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <vector>

namespace gradus::bert {

class CheckpointFolder {
 public:
  explicit CheckpointFolder(const std::filesystem::path& run) : folder_(run / "checkpoints") {}

  /// Calls `write` with an empty folder and makes it the checkpoint of this step, in place of one that there
  /// may be. Clears away first what runs that were killed have left, here and in the run's own
  /// folder. Returns the checkpoint's path.
  /// @throws IoError when it cannot be put in place, and what `write` throws; the checkpoints that there were
  /// are then still there.
  std::filesystem::path save(int64_t step,
                             const std::function<void(const std::filesystem::path& place)>& write) const;

  /// The whole checkpoints, the newest first. A step has at most one.
  std::vector<std::filesystem::path> whole() const;

  /// Removes whole checkpoints but for the newest `count` and that of the step `best`. One that cannot be
  /// removed does no harm.
  void keep(int64_t count, int64_t best) const;

 private:
  void clear_leftovers() const;
  std::filesystem::path folder_;
};

/// The newest whole checkpoint of a run.
std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& run);

/// N of the folder of a whole checkpoint, `step-N` or `.step-N.replaced`, else -1.
int64_t step_of_checkpoint(const std::filesystem::path& folder);

}  // namespace gradus::bert

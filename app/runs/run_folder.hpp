/// @file
/// The folder of a training run, whatever it learns: held by one process at a time, begun once, and gone on
/// with.
#pragma once

#include <filesystem>
#include <optional>

#include "bert/training/folder_lock.hpp"
#include "bert/training/resumable.hpp"

namespace gradus::app {

/// Keeps other runs out of the folder as long as it lives, and clears away what killed ones left in it.
/// @throws WrongCall when another process holds it.
bert::FolderLock hold_run(const std::filesystem::path& out);

/// A folder that was made for a run. If the call fails before the run has begun, it goes away again, and
/// with it the token files that were made meanwhile.
class FolderOfRun {
 public:
  /// Makes the folder, unless it is there: then it stays whatever happens. @throws IoError.
  explicit FolderOfRun(std::filesystem::path folder);
  FolderOfRun(const FolderOfRun&) = delete;
  FolderOfRun& operator=(const FolderOfRun&) = delete;
  ~FolderOfRun();
  void keep() { is_kept_ = true; }

 private:
  std::filesystem::path folder_;
  bool is_kept_;
};

enum class RunKind { pretraining, finetuning };

/// The checkpoint with which a run of this kind goes on, or nothing for a run that begins.
/// @throws WrongCall where there is a run and the call is for a new one, or the other way round, and where
///         the folder holds a model of the other kind, which the run would replace.
std::optional<bert::Resumable> checkpoint_to_resume(const std::filesystem::path& out, RunKind kind,
                                                    bool resume);

}  // namespace gradus::app

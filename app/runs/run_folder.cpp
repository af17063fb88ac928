#include "app/runs/run_folder.hpp"

#include <unistd.h>

#include <cerrno>

#include "app/command.hpp"
#include "autograd/file.hpp"
#include "autograd/system_reason.hpp"
#include "bert/training/checkpoint_folder.hpp"

namespace gradus::app {

namespace fs = std::filesystem;
namespace {

/// Before the work and not at the first checkpoint. Permissions, and what is mounted to be read only.
void check_writable(const fs::path& folder) {
  if (access(folder.c_str(), W_OK | X_OK) != 0 && errno != ENOENT)
    fail<IoError>("{}: cannot write into this folder: {}", folder.string(), system_reason(errno));
}

}  // namespace

bert::FolderLock hold_run(const fs::path& out) {
  if (auto lock = bert::FolderLock::take(out)) {
    check_writable(out);
    check_writable(out / "checkpoints");
    remove_leftovers(out);
    return std::move(*lock);
  }
  fail<WrongCall>(
      "--out '{}': another run is at work in this folder; wait until it has ended, or name another folder",
      out.string());
}

std::optional<bert::Resumable> checkpoint_to_resume(const fs::path& folder, bool resume) {
  const std::string out = folder.string();
  const bool has_model = fs::exists(folder / "model.safetensors");
  if (!resume) {
    if (!bert::newest_checkpoint(folder) && !has_model) {
      if (fs::exists(folder / "config.json"))
        fail<WrongCall>("--out '{}' holds a config.json, which the run would replace; name another folder",
                        out);
      return std::nullopt;
    }
    fail<WrongCall>("--out '{}' holds a run already; add --resume to go on with it, or name another folder",
                    out);
  }
  if (auto found = bert::find_resumable(folder)) return found;
  if (has_model) {
    fail<WrongCall>(
        "--resume: '{}' holds a model but no checkpoint to go on from; name another "
        "folder with --out, and leave --resume out",
        out);
  }
  fail<WrongCall>("--resume: there is no run in '{}'; leave --resume out to begin one", out);
}

}  // namespace gradus::app

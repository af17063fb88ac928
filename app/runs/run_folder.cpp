#include "app/runs/run_folder.hpp"

#include <unistd.h>

#include <cerrno>

#include "app/command.hpp"
#include "app/runs/run_settings.hpp"
#include "autograd/file.hpp"
#include "autograd/system_reason.hpp"
#include "bert/tasks/task_config.hpp"
#include "bert/training/checkpoint_folder.hpp"

namespace gradus::app {

namespace fs = std::filesystem;
namespace {

/// Before the work and not at the first checkpoint. Permissions, and what is mounted to be read only.
void check_writable(const fs::path& folder) {
  if (access(folder.c_str(), W_OK | X_OK) != 0 && errno != ENOENT)
    fail<IoError>("{}: cannot write into this folder: {}", folder.string(), system_reason(errno));
}

/// What has made the model of a folder, as far as the folder shows it. A checkpoint knows it best: a model
/// that was fine-tuned to name nouns has the architecture of a pretrained one.
std::optional<RunKind> kind_of(const fs::path& folder) {
  try {
    if (const auto checkpoint = bert::newest_checkpoint(folder)) {
      const fs::path file = *checkpoint / bert::state_file;
      const std::string line = bert::training_state_from_json(read_file(file), file).settings;
      return line.starts_with(pretraining_line) ? RunKind::pretraining : RunKind::finetuning;
    }
    const fs::path config = folder / "config.json";
    if (!fs::exists(folder / "model.safetensors") || !fs::exists(config)) return std::nullopt;
    return bert::find_task_config(config) ? RunKind::finetuning : RunKind::pretraining;
  } catch (const Error&) {
    return std::nullopt;  // whoever goes on with it says what is damaged
  }
}

/// @throws WrongCall where --out holds a model that no run of this kind has made.
void refuse_other_kind(const fs::path& folder, RunKind kind) {
  const std::optional<RunKind> there = kind_of(folder);
  if (!there || *there == kind) return;
  const std::string out = folder.string();
  if (kind == RunKind::finetuning)
    fail<WrongCall>(
        "--out '{}' holds a pretrained model, and fine-tuning would put its own in the place of it and of "
        "its report; name another folder, such as {}-tuned",
        out, out);
  fail<WrongCall>(
      "--out '{}' holds a fine-tuned model, and pretraining would put its own in the place of it and of its "
      "report; name another folder, such as {}-pretrained",
      out, out);
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

FolderOfRun::FolderOfRun(fs::path folder) : folder_(std::move(folder)), is_kept_(fs::is_directory(folder_)) {
  if (!is_kept_) make_folder(folder_);
}

FolderOfRun::~FolderOfRun() {
  if (is_kept_) return;
  std::error_code ignored;  // what cannot be removed does no harm
  std::vector<fs::path> made;
  for (const auto& entry : fs::directory_iterator(folder_, ignored))
    if (entry.path().extension() == ".tokens") made.push_back(entry.path());
  for (const fs::path& file : made) fs::remove(file, ignored);
  fs::remove(folder_, ignored);  // if nothing else is in it
}

std::optional<bert::Resumable> checkpoint_to_resume(const fs::path& folder, RunKind kind, bool resume) {
  const std::string out = folder.string();
  const bool has_model = fs::exists(folder / "model.safetensors");
  refuse_other_kind(folder, kind);
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

#include "bert/text/staged_folder.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "autograd/error.hpp"
#include "autograd/file.hpp"
#include "autograd/system_reason.hpp"

namespace gradus::bert {
namespace fs = std::filesystem;
namespace {

/// A folder that is filled out of sight. What was not moved out of it goes with it.
class Staging {
 public:
  explicit Staging(fs::path place) : path_(std::move(place)) {
    std::error_code error;
    fs::remove_all(path_, error);  // what an earlier process of this number left when it was killed
    fs::create_directories(path_, error);
    if (error) fail<IoError>("{}: cannot make this folder: {}", path_.string(), system_reason(error.value()));
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  ~Staging() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void move(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error) fail<IoError>("{}: cannot be put in place: {}", to.string(), system_reason(error.value()));
}

}  // namespace

void write_folder(const fs::path& wanted, const std::function<void(const fs::path& place)>& write) {
  const fs::path folder = wanted.has_filename() ? wanted : wanted.parent_path();  // "out/" is "out"
  std::error_code ignored;
  // The form of an AtomicFile's sibling, so that remove_leftovers() finds it.
  const std::string name = fmt::format(".saving.{}-0.tmp", ::getpid());
  if (!fs::exists(folder, ignored)) {
    const fs::path parent = folder.has_parent_path() ? folder.parent_path() : fs::path(".");
    const Staging staging(parent / fmt::format(".{}{}", folder.filename().string(), name));
    write(staging.path());
    move(staging.path(), folder);
    flush_folder(parent);
    return;
  }
  if (!fs::is_directory(folder, ignored)) {
    fail<IoError>("{}: is a file; a checkpoint needs a folder", folder.string());
  }
  const Staging staging(folder / name);
  write(staging.path());
  for (const fs::directory_entry& file : fs::directory_iterator(staging.path())) {
    move(file.path(), folder / file.path().filename());
  }
  flush_folder(folder);
}

}  // namespace gradus::bert

#include "autograd/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <system_error>
#include <utility>
#include <vector>

#include "autograd/error.hpp"
#include "autograd/system_reason.hpp"

namespace gradus {
namespace fs = std::filesystem;
namespace {

/// Closes a descriptor that is only read, where a failing close loses nothing.
struct Closer {
  int descriptor;
  explicit Closer(int d) : descriptor(d) {}
  Closer(const Closer&) = delete;
  Closer& operator=(const Closer&) = delete;
  ~Closer() { ::close(descriptor); }
};

fs::path folder_of(const fs::path& path) {
  return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// The file that `path` finally names: a link is followed, so that it stays a link after the rename.
fs::path follow_links(const fs::path& path) {
  std::error_code error;
  if (!fs::is_symlink(path, error)) return path;
  fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real;
}

/// The process that made the sibling `name`, `.NAME.PID-N.tmp`; 0 for a name of another form.
pid_t maker_of(std::string_view name) {
  constexpr std::string_view ending = ".tmp";
  if (!name.starts_with('.') || !name.ends_with(ending)) return 0;
  name.remove_suffix(ending.size());
  name.remove_prefix(name.rfind('.') + 1);
  pid_t maker = 0;
  unsigned number = 0;
  const char* const end = name.data() + name.size();
  const auto [dash, bad_maker] = std::from_chars(name.data(), end, maker);
  if (bad_maker != std::errc() || dash == end || *dash != '-') return 0;
  const auto [stop, bad_number] = std::from_chars(dash + 1, end, number);
  return bad_number == std::errc() && stop == end ? maker : 0;
}

bool lives(pid_t process) { return ::kill(process, 0) == 0 || errno != ESRCH; }

}  // namespace

int flush_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno == EACCES ? 0 : errno;  // a folder one may write to but not list
  const Closer closer(descriptor);
  if (::fsync(descriptor) != 0 && errno != EINVAL && errno != ENOTSUP) return errno;
  return 0;
}

std::string read_file(const fs::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    if (errno == ENOENT) fail<IoError>("cannot read {}: there is no such file", path.string());
    fail<IoError>("cannot read {}: {}", path.string(), system_reason(errno));
  }
  const Closer closer(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) != 0)
    fail<IoError>("cannot read {}: {}", path.string(), system_reason(errno));
  if (S_ISDIR(status.st_mode)) fail<IoError>("cannot read {}: it is a folder, not a file", path.string());

  // One byte more than the size, so that the read which finds the end needs no further room.
  constexpr size_t piece_bytes = 1 << 16;
  std::string bytes(S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) + 1 : piece_bytes, '\0');
  size_t used = 0;
  for (;;) {
    if (used == bytes.size()) bytes.resize(bytes.size() * 2);
    const ssize_t got = ::read(descriptor, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail<IoError>("cannot read {}: {}", path.string(), system_reason(errno));
    if (got == 0) break;
    used += static_cast<size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

void write_file_atomically(const fs::path& path, std::string_view bytes) {
  AtomicFile file(path);
  file.write(bytes);
  file.commit();
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)), target_(follow_links(path_)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    fail<IoError>("cannot write {}: it is a folder, not a file", path_.string());
  }
  if (exists && !S_ISREG(status.st_mode)) {
    descriptor_ = ::open(target_.c_str(), O_WRONLY | O_CLOEXEC);
    if (descriptor_ < 0) fail_with(errno);
    return;
  }
  const fs::path folder = folder_of(target_);
  static std::atomic<unsigned> counter{0};
  for (;;) {
    sibling_ = folder / fmt::format(".{}.{}-{}.tmp", target_.filename().string(), ::getpid(), counter++);
    descriptor_ = ::open(sibling_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ >= 0) break;
    if (errno == EEXIST) continue;  // left by a killed process that had our number
    const int error = errno;
    sibling_.clear();
    if (error == ENOENT && !fs::exists(folder)) {
      fail<IoError>("cannot write {}: the folder {} does not exist", path_.string(), folder.string());
    }
    fail_with(error);
  }
  if (exists && ::fchmod(descriptor_, status.st_mode & 07777) != 0) {
    const int error = errno;
    remove_sibling();
    fail_with(error);
  }
}

AtomicFile::~AtomicFile() { remove_sibling(); }

void AtomicFile::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t put = ::write(descriptor_, bytes.data(), bytes.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) fail_with(errno);
    bytes.remove_prefix(static_cast<size_t>(put));
  }
}

void AtomicFile::commit() {
  const bool in_place = sibling_.empty();
  if (!in_place && ::fsync(descriptor_) != 0) fail_with(errno);
  if (::close(std::exchange(descriptor_, -1)) != 0) fail_with(errno);
  if (in_place) return;
  if (::rename(sibling_.c_str(), target_.c_str()) != 0) fail_with(errno);
  sibling_.clear();
  if (const int error = flush_folder(folder_of(target_)); error != 0) fail_with(error);
}

void AtomicFile::fail_with(int error) const {
  fail<IoError>("cannot write {}: {}", path_.string(), system_reason(error));
}

void remove_leftovers(const fs::path& folder) noexcept try {
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const pid_t maker = maker_of(entry.path().filename().string());
    if (maker > 0 && !lives(maker)) leftovers.push_back(entry.path());
  }
  std::error_code ignored;
  for (const fs::path& leftover : leftovers) fs::remove_all(leftover, ignored);
} catch (...) {  // a folder that cannot be listed, or no memory: they do no harm
}

void AtomicFile::remove_sibling() noexcept {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!sibling_.empty()) ::unlink(sibling_.c_str());
}

}  // namespace gradus

/// @file
/// Reading a whole file, and writing one so that it is either the old one or the new one, never half of it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace gradus {

/// The bytes of the file at `path`. Reads pipes and devices too, up to their end.
/// @throws IoError that tells apart a missing file, a directory, and one that cannot be opened or read.
std::string read_file(const std::filesystem::path& path);

/// Replaces the file at `path` by `bytes`, all or nothing: see AtomicFile.
/// @throws IoError when any step fails; the old file is then as it was.
void write_file_atomically(const std::filesystem::path& path, std::string_view bytes);

/// Flushes a folder's list of names, without which a rename may be lost in a power cut. Returns 0, or the
/// error's number; a file system that cannot flush a folder (EINVAL) keeps its own promises and counts as 0.
int flush_folder(const std::filesystem::path& folder);

/// A file written in pieces beside its final place, and moved there by `commit`.
///
/// The pieces go to a sibling `.NAME.PID-N.tmp`. `commit` flushes it to the disk, renames it over `path`, and
/// flushes the folder, so a crash or a full disk at any moment leaves the old file or the new one. Without a
/// commit the destructor removes the sibling. A file that is replaced keeps its permissions; a symbolic link
/// is followed; a device or pipe (such as `/dev/stdout`) is written in place, since it cannot be replaced.
class AtomicFile {
 public:
  /// @throws IoError when `path` is a directory, its folder is missing, or it cannot be created.
  explicit AtomicFile(std::filesystem::path path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile();

  /// Appends `bytes`. @throws IoError when they cannot all be written, as on a full disk.
  void write(std::string_view bytes);

  /// Makes what was written the file at `path`. Call it once, last. @throws IoError.
  void commit();

 private:
  [[noreturn]] void fail_with(int error) const;
  void remove_sibling() noexcept;

  std::filesystem::path path_;     // as the caller named it, for messages
  std::filesystem::path target_;   // path_ with symbolic links followed
  std::filesystem::path sibling_;  // empty when the target is written in place
  int descriptor_ = -1;
};

/// Removes what killed processes have left in `folder`: siblings of AtomicFiles, and folders with such a
/// name. What another process that lives is writing stays, and so does what cannot be removed.
void remove_leftovers(const std::filesystem::path& folder) noexcept;

}  // namespace gradus

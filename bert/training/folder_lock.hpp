/// @file
/// A folder that one process at a time may write to.
#pragma once

#include <filesystem>
#include <optional>

namespace gradus::bert {

/// Holds a folder while it lives. The system gives it up with the process, however that ends, and nothing of
/// it stands in the folder.
class FolderLock {
 public:
  /// Nothing if another process holds the folder. Where the file system cannot lock (some network ones), the
  /// lock is given and keeps nobody away. @throws IoError if the folder cannot be opened.
  static std::optional<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&&) = delete;
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace gradus::bert

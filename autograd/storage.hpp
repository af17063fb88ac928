/// @file
/// The bytes behind tensors, from an allocator that keeps freed blocks for reuse: a training step after
/// warm-up asks the system for nothing.
#pragma once

#include <cstdint>
#include <memory>

namespace gradus {

/// A block of bytes aligned to 64, shared by a tensor and all its views.
class Storage {
 public:
  explicit Storage(int64_t bytes);
  ~Storage();
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() { return data_; }
  const void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

  /// How often the bytes were changed in place. A backward that saved a value compares versions and refuses a
  /// value that was changed since.
  uint64_t version() const { return version_; }
  void bump_version() { ++version_; }

 private:
  void* data_;
  int64_t bytes_;
  uint64_t version_ = 0;
};

using StoragePtr = std::shared_ptr<Storage>;

/// What the allocator has done so far. `live_bytes` is what storages hold now, in `live_blocks` of them, and
/// `peak_bytes` the most it was; `reserved_bytes` is that plus what is kept for reuse; `system_allocations`
/// counts the requests that reached the system.
struct MemoryStats {
  int64_t live_bytes, peak_bytes, reserved_bytes, live_blocks, system_allocations;
};

MemoryStats memory_stats();
void reset_peak_memory();      ///< Makes the peak equal to what is live now.
void release_cached_memory();  ///< Gives all blocks that no storage holds back to the system.

}  // namespace gradus

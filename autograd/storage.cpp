#include "autograd/storage.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <mutex>
#include <new>
#include <unordered_map>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define GRADUS_POISON(data, bytes) ASAN_POISON_MEMORY_REGION(data, bytes)
#define GRADUS_UNPOISON(data, bytes) ASAN_UNPOISON_MEMORY_REGION(data, bytes)
#else
#define GRADUS_POISON(data, bytes) static_cast<void>(0)
#define GRADUS_UNPOISON(data, bytes) static_cast<void>(0)
#endif

namespace gradus {
namespace {

constexpr int64_t huge_page = int64_t{2} << 20;

/// Four size classes an octave: at most a quarter of a block is unused, and few classes serve every size.
/// @throws std::bad_alloc for sizes that no memory has, before rounding them up could overflow.
int64_t size_class(int64_t bytes) {
  constexpr int64_t most = int64_t{1} << 56;
  if (bytes < 0 || bytes > most) throw std::bad_alloc();
  if (bytes <= 256) return 256;
  const int64_t octave = static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(bytes - 1)));
  const int64_t step = std::max<int64_t>(octave / 4, 64);
  return (bytes + step - 1) / step * step;
}

class Allocator {
 public:
  void* allocate(int64_t bytes) {
    const int64_t size = size_class(bytes);
    const std::lock_guard lock(mutex_);
    void* block = nullptr;
    if (auto& free = free_[size]; !free.empty()) {
      block = free.back();
      free.pop_back();
    } else {
      block = from_system(size);
    }
    stats_.live_bytes += size;
    ++stats_.live_blocks;
    stats_.peak_bytes = std::max(stats_.peak_bytes, stats_.live_bytes);
    GRADUS_UNPOISON(block, bytes);
    return block;
  }

  void release(void* block, int64_t bytes) {
    const int64_t size = size_class(bytes);
    const std::lock_guard lock(mutex_);
    GRADUS_POISON(block, size);
    free_[size].push_back(block);
    stats_.live_bytes -= size;
    --stats_.live_blocks;
  }

  void release_cached() {
    const std::lock_guard lock(mutex_);
    for (auto& [size, blocks] : free_) {
      for (void* block : blocks) {
        GRADUS_UNPOISON(block, size);
        std::free(block);
      }
      stats_.reserved_bytes -= size * static_cast<int64_t>(blocks.size());
    }
    free_.clear();
  }

  MemoryStats stats() {
    const std::lock_guard lock(mutex_);
    return stats_;
  }

  void reset_peak() {
    const std::lock_guard lock(mutex_);
    stats_.peak_bytes = stats_.live_bytes;
  }

 private:
  void* from_system(int64_t size) {
    // Large blocks lie on huge pages where the system allows it: fewer page faults and TLB misses.
    const bool huge = size >= huge_page;
    const int64_t alignment = huge ? huge_page : 64;
    void* block = std::aligned_alloc(static_cast<size_t>(alignment),
                                     static_cast<size_t>((size + alignment - 1) / alignment * alignment));
    if (block == nullptr) throw std::bad_alloc();
    if (huge) madvise(block, static_cast<size_t>(size), MADV_HUGEPAGE);
    GRADUS_POISON(block, size);
    stats_.reserved_bytes += size;
    ++stats_.system_allocations;
    return block;
  }

  std::mutex mutex_;
  std::unordered_map<int64_t, std::vector<void*>> free_;
  MemoryStats stats_{};
};

/// Never destroyed, since tensors with static storage duration may outlive any other static object.
Allocator& allocator() {
  static Allocator* const instance = new Allocator;
  return *instance;
}

}  // namespace

Storage::Storage(int64_t bytes) : data_(allocator().allocate(bytes)), bytes_(bytes) {}
Storage::~Storage() { allocator().release(data_, bytes_); }

MemoryStats memory_stats() { return allocator().stats(); }
void reset_peak_memory() { allocator().reset_peak(); }
void release_cached_memory() { allocator().release_cached(); }

}  // namespace gradus

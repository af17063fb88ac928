/// @file
/// Where the time of a step goes: wall time by name, and a list of the matrix products it made.
///
///     profile::start();
///     step();
///     for (const auto& entry : profile::stop()) fmt::print("{} {} ms\n", entry.name, 1e3 * entry.seconds);
///
/// Off, which it is at first, a scope costs one relaxed atomic load. Start and stop from one thread while no
/// scope is open.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace gradus {

namespace profile {

/// What all scopes of one name took together.
struct Entry {
  std::string name;
  int64_t calls = 0;
  double seconds = 0;       ///< wall time, inner scopes included
  double self_seconds = 0;  ///< wall time, inner scopes on the same thread left out
  double flops = 0;         ///< floating-point operations that were reported inside, by add_flops()
};

/// How a matrix lies in memory: which of its two strides is 1.
enum class Layout : uint8_t { row_major, column_major };

/// `batch` products c[m, n] = a[m, k] b[k, n] of one kind, made `calls` times.
struct Product {
  int64_t m = 0, n = 0, k = 0, batch = 1;
  Layout a = Layout::row_major, b = Layout::row_major, c = Layout::row_major;
  bool is_double = false;
  int64_t calls = 1;

  double flops() const;  ///< 2 m n k batch, of one call.
  bool same_kind(const Product& other) const;
};

void start();               ///< Forgets what was measured and begins.
std::vector<Entry> stop();  ///< Ends, and gives the entries, the largest self time first.

/// The products seen from start() on, each kind once with its count, in the order of their first call. Valid
/// after stop() until the next start().
std::vector<Product> products();

void add_product(const Product& product);  ///< Counts a product and its operations; nothing when off.

namespace detail {
inline std::atomic<bool> on{false};
}
inline bool is_on() { return detail::on.load(std::memory_order_relaxed); }

}  // namespace profile

/// Measures from here to the end of the block under `name` (a string that outlives the scope).
class ProfileScope {
 public:
  explicit ProfileScope(const char* name) {
    if (profile::is_on()) open(name);
  }
  ~ProfileScope() {
    if (name_ != nullptr) close();
  }
  ProfileScope(const ProfileScope&) = delete;
  ProfileScope& operator=(const ProfileScope&) = delete;

 private:
  friend void profile::add_product(const profile::Product& product);
  void open(const char* name);
  void close() noexcept;

  const char* name_ = nullptr;
  ProfileScope* outer_ = nullptr;  ///< the scope around this one on the same thread
  std::chrono::steady_clock::time_point begin_;
  double inner_seconds_ = 0, flops_ = 0;
};

}  // namespace gradus

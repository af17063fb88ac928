/// @file
/// How two workers talk: a row of numbers goes out, another comes in. Counts what is sent.
#pragma once

#include <functional>
#include <span>

#include "parallel/world.hpp"

namespace gradus::tutorials::many_workers {

struct Talk {
  parallel::World& world;
  int64_t messages = 0, numbers = 0;              ///< sent by this worker
  std::function<void()> before_exchange = [] {};  ///< for who wants to look on

  int64_t size() const { return world.size(); }
  int64_t rank() const { return world.rank(); }

  /// Sends `out` to worker `to`, and waits for `in` from worker `from`. Both are on their way at the same
  /// time, so nobody waits for anybody who waits for him.
  template <class T>
  void exchange(int64_t to, std::span<const T> out, int64_t from, std::span<T> in) {
    before_exchange();
    const auto sending = world.swap(to, tag, std::as_bytes(out), {});
    const auto receiving = world.swap(from, tag, {}, std::as_writable_bytes(in));
    world.wait(*sending);
    world.wait(*receiving);
    count(out.size());
  }
  template <class T>
  void send(int64_t to, std::span<const T> out) {
    world.wait(*world.swap(to, tag, std::as_bytes(out), {}));
    count(out.size());
  }
  template <class T>
  void receive(int64_t from, std::span<T> in) {
    world.wait(*world.swap(from, tag, {}, std::as_writable_bytes(in)));
  }

 private:
  static constexpr int64_t tag = parallel::World::own_tags;  ///< the first that is free
  void count(size_t sent) {
    ++messages;
    numbers += static_cast<int64_t>(sent);
  }
};

}  // namespace gradus::tutorials::many_workers

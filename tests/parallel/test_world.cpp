// What ranks say to each other, with ranks that are threads.
#include "parallel/thread_world.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::parallel;

namespace {

constexpr int64_t sizes[] = {1, 2, 4, 8};

void sleep_for(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

/// What `run_ranks` throws.
std::string reason(int64_t ranks, const std::function<void(World&)>& work, const WorldOptions& options = {}) {
  try {
    run_ranks(ranks, work, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("world: every rank has its number and knows how many there are", "[parallel]") {
  for (const int64_t ranks : sizes) {
    std::vector<std::atomic<int>> seen(static_cast<size_t>(ranks));
    run_ranks(ranks, [&](World& world) {
      if (world.size() == ranks) ++seen[static_cast<size_t>(world.rank())];
    });
    for (const auto& count : seen) CHECK(count == 1);
  }
}

TEST_CASE("world: a sum is added along the tree, first neighbours", "[parallel]") {
  // In doubles 1e16 + 1 is 1e16, so each order of adding has a result of its own.
  const std::vector<double> parts = {1e16, 1, -1e16, 1, 3, 1e16, 5, -1e16};
  std::mutex mutex;
  for (const int64_t ranks : sizes) {
    std::vector<double> level(parts.begin(), parts.begin() + ranks);
    for (; level.size() > 1; level.resize(level.size() / 2))
      for (size_t i = 0; i < level.size() / 2; ++i) level[i] = level[2 * i] + level[2 * i + 1];
    run_ranks(ranks, [&](World& world) {
      std::vector<double> values = {parts[static_cast<size_t>(world.rank())], 1};
      world.add_up(std::span(values));
      const std::scoped_lock lock(mutex);
      CHECK(values[0] == level[0]);
      CHECK(values[1] == static_cast<double>(ranks));
    });
  }
}

TEST_CASE("world: all hear what rank 0 says, and whether something is true of one of them", "[parallel]") {
  std::mutex mutex;
  for (const int64_t ranks : sizes) {
    const std::string long_text(100'000, 'x');
    run_ranks(ranks, [&](World& world) {
      std::string text = world.rank() == 0 ? long_text + "end" : "something else";
      std::string nothing = world.rank() == 0 ? "" : "something else";
      world.broadcast(text);
      world.broadcast(nothing);
      const bool last = world.any(world.rank() == ranks - 1), none = world.any(false);
      const std::scoped_lock lock(mutex);
      CHECK(text == long_text + "end");
      CHECK(nothing.empty());
      CHECK(last);
      CHECK_FALSE(none);
    });
  }
}

TEST_CASE("world: a number of ranks that is no power of two is refused", "[parallel]") {
  CHECK(reason(3, [](World&) {}) == "3 ranks cannot share the work; take 1, 2, 4, 8 or another power of two");
  CHECK(reason(6, [](World&) {}) == "6 ranks cannot share the work; take 1, 2, 4, 8 or another power of two");
}

TEST_CASE("world: a program that is alone needs no partner, and has none", "[parallel]") {
  World& world = *alone();
  CHECK(world.rank() == 0);
  CHECK(world.size() == 1);
  double value = 3;
  world.add_up(std::span(&value, 1));
  CHECK(value == 3);
  CHECK(world.any(true));
  CHECK_THROWS_AS(world.swap(1, 0, {}, {}), Error);
  CHECK(world.farewell(true, 7).speaks);
  CHECK(world.farewell(true, 7).code == 7);
  CHECK_FALSE(world.farewell(false).speaks);
}

TEST_CASE("world: when one rank fails all end, and its reason is told", "[parallel]") {
  for (int64_t bad = 0; bad < 4; ++bad) {
    CHECK(reason(4, [&](World& world) {
            for (int step = 0; step < 3; ++step) {
              if (step == 1 && world.rank() == bad) fail<Error>("rank {} has no disk", bad);
              world.barrier();
            }
          }) == fmt::format("rank {} has no disk", bad));
  }
}

TEST_CASE("world: of two that fail for themselves the lower rank tells", "[parallel]") {
  CHECK(reason(8, [&](World& world) {
          if (world.rank() == 6 || world.rank() == 3) fail<Error>("rank {} failed", world.rank());
          world.barrier();
        }) == "rank 3 failed");
}

TEST_CASE("world: a rank that fails while others have ended stops them as well", "[parallel]") {
  CHECK(reason(2, [&](World& world) {
          if (world.rank() == 0) return;
          sleep_for(0.05);
          fail<Error>("late");
        }) == "late");
}

TEST_CASE("world: nobody waits for ever, and it is told who is missing", "[parallel]") {
  const WorldOptions options{.stall_seconds = 0.2, .answer_seconds = 0.3, .farewell_seconds = 0.5};
  const auto hanging = [](std::vector<int64_t> ranks) {
    return [ranks](World& world) {
      if (std::ranges::find(ranks, world.rank()) != ranks.end()) sleep_for(1.2);
      world.barrier();
    };
  };
  CHECK(reason(4, hanging({2}), options) == "rank 2 has not answered for 0.2 seconds");
  CHECK(reason(8, hanging({1, 5, 6}), options) ==
        "rank 1, rank 5 and rank 6 have not answered for 0.2 seconds");
}

TEST_CASE("world: a rank that waits counts the seconds", "[parallel]") {
  run_ranks(2, [](World& world) {
    if (world.rank() == 1) sleep_for(0.2);
    world.barrier();
    if (world.rank() == 0) {
      CHECK(world.seconds_waited() > 0.1);
    }
  });
}

TEST_CASE("world: swaps of one tag have their messages in the order in which they were begun", "[parallel]") {
  std::array<int, 2> first{}, second{};
  run_ranks(2, [&](World& world) {
    constexpr int64_t tag = World::own_tags;
    const std::array<int, 2> one{1, 10}, two{2, 20};
    std::vector<std::unique_ptr<Swap>> swaps;
    if (world.rank() == 1) {
      for (const auto* numbers : {&one, &two})
        swaps.push_back(world.swap(0, tag, std::as_bytes(std::span(*numbers)), {}));
      for (const auto& swap : swaps) world.wait(*swap);
      world.barrier();
    } else {
      for (auto* numbers : {&first, &second})
        swaps.push_back(world.swap(1, tag, {}, std::as_writable_bytes(std::span(*numbers))));
      world.barrier();  // both messages are there
      world.wait(*swaps[1]);
      world.wait(*swaps[0]);
    }
  });
  CHECK(first == std::array<int, 2>{1, 10});
  CHECK(second == std::array<int, 2>{2, 20});
}

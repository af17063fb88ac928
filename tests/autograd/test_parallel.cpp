// Work in pieces: each piece once, and an exception of a piece reaches the caller, on any number of threads.
#include "autograd/kernels/parallel.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::kernels;

namespace {

const int usual = num_threads();
struct PutThreadsBack {
  ~PutThreadsBack() { set_num_threads(usual); }
};

}  // namespace

TEST_CASE("parallel_for: every piece once, on any number of threads") {
  const PutThreadsBack guard;
  for (const int threads : {1, 2, 3, 8}) {
    INFO(threads << " threads");
    set_num_threads(threads);
    for (const int64_t pieces : {0, 1, 2, 57}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(pieces));
      parallel_for(pieces, [&](int64_t i) { ++seen[static_cast<size_t>(i)]; });
      for (const auto& times : seen) CHECK(times == 1);
    }
  }
}

TEST_CASE("parallel_for: an exception of a piece reaches the caller, on any number of threads") {
  const PutThreadsBack guard;
  for (const int threads : {1, 2, 3, 8}) {
    INFO(threads << " threads");
    set_num_threads(threads);
    for (const int64_t broken : {0, 7, 39}) {
      const auto body = [&](int64_t i) {
        if (i == broken) throw std::out_of_range("piece " + std::to_string(i));
      };
      CHECK_THROWS_AS(parallel_for(40, body), std::out_of_range);
      CHECK_THROWS_WITH(parallel_for(40, body), "piece " + std::to_string(broken));
      // One inside another, as in a batch of products.
      CHECK_THROWS_WITH(parallel_for(4, [&](int64_t) { parallel_for(40, body); }),
                        "piece " + std::to_string(broken));
      CHECK_THROWS_WITH(parallel_ranges(400, 10, [&](int64_t begin, int64_t) { body(begin / 10); }),
                        "piece " + std::to_string(broken));
    }
    // Of several, one.
    CHECK_THROWS_AS(parallel_for(40, [](int64_t) { throw std::length_error("each"); }), std::length_error);
    // And the next work is done as if nothing had been.
    std::atomic<int> done = 0;
    parallel_for(40, [&](int64_t) { ++done; });
    CHECK(done == 40);
  }
}

// Work that is shared out piece by piece, and the counter that adds along a tree.
#include "parallel/share_out.hpp"

#include <mutex>

#include "parallel/thread_world.hpp"
#include "parallel/tree_stack.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::parallel;

TEST_CASE("share out: every piece is computed once, and all ranks use all of them in order", "[parallel]") {
  std::mutex mutex;
  for (const int64_t ranks : {1, 2, 4}) {
    for (const int64_t pieces : {0, 1, 5, 8}) {
      std::vector<int> computed(static_cast<size_t>(pieces));
      std::vector<int> asked(static_cast<size_t>(ranks));
      run_ranks(ranks, [&](World& world) {
        std::vector<double> used;
        share_out(
            world, pieces,
            [&](int64_t p) {
              const std::scoped_lock lock(mutex);
              ++computed[static_cast<size_t>(p)];
              // Pieces of different sizes, and one that gives nothing.
              return std::vector<double>(static_cast<size_t>(p % 3), 0.1 * static_cast<double>(p));
            },
            [&](int64_t p, std::span<const double> numbers) {
              used.push_back(static_cast<double>(p));
              used.insert(used.end(), numbers.begin(), numbers.end());
            },
            [&] { ++asked[static_cast<size_t>(world.rank())]; });
        std::vector<double> expected;
        for (int64_t p = 0; p < pieces; ++p) {
          expected.push_back(static_cast<double>(p));
          expected.insert(expected.end(), static_cast<size_t>(p % 3), 0.1 * static_cast<double>(p));
        }
        const std::scoped_lock lock(mutex);
        CHECK(used == expected);
      });
      CHECK(computed == std::vector<int>(static_cast<size_t>(pieces), 1));
      CHECK(asked == std::vector<int>(static_cast<size_t>(ranks), asked[0]));
    }
  }
}

TEST_CASE("tree stack: leaves are added as a tree would add them", "[parallel]") {
  const auto add = [](const std::string& a, const std::string& b) { return "(" + a + b + ")"; };
  TreeStack<std::string, decltype(add)> stack(add);
  CHECK(!stack.sum());
  const char* const expected[] = {"a",
                                  "(ab)",
                                  "((ab)c)",
                                  "((ab)(cd))",
                                  "(((ab)(cd))e)",
                                  "(((ab)(cd))(ef))",
                                  "(((ab)(cd))((ef)g))",
                                  "(((ab)(cd))((ef)(gh)))"};
  for (int i = 0; i < 8; ++i) {
    stack.push(std::string(1, static_cast<char>('a' + i)));
    CHECK(stack.sum() == expected[i]);
  }
}

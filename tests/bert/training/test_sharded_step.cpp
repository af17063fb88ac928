// A step's shards: which rows and which dropout they have, and what their figures add up to.
#include "bert/training/sharded_step.hpp"

#include <map>
#include <mutex>
#include <set>

#include "parallel/thread_world.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::bert;

TEST_CASE("sharded step: each shard draws its own dropout, the same on any number of ranks", "[ranks]") {
  std::mutex mutex;
  std::vector<std::map<int64_t, double>> drawn;
  for (const int64_t ranks : {1, 2, 4}) {
    std::map<int64_t, double> of_shards;
    parallel::run_ranks(ranks, [&](parallel::World& world) {
      ShardedStep step(world, 4);
      step.begin(Rng(7));
      step.run(
          0,
          [&](int64_t shard, std::span<double>) {
            const std::scoped_lock lock(mutex);
            of_shards[shard] = default_rng().uniform();
          },
          [] {});
    });
    drawn.push_back(of_shards);
  }
  std::set<double> numbers;
  for (const auto& [shard, number] : drawn[0]) numbers.insert(number);
  CHECK(numbers.size() == 4);
  CHECK(drawn[1] == drawn[0]);
  CHECK(drawn[2] == drawn[0]);
}

TEST_CASE("sharded step: a step that is one shard draws from its generator as it is", "[ranks]") {
  ShardedStep step;
  step.begin(Rng(7));
  double drawn = 0;
  step.run(
      0, [&](int64_t, std::span<double>) { drawn = default_rng().uniform(); }, [] {});
  CHECK(drawn == Rng(7).uniform());
}

TEST_CASE("sharded step: its work keeps what a first gradient needs and no more", "[ranks]") {
  ShardedStep step;
  step.begin(Rng(7));
  bool inside = false;
  step.run(
      0, [&](int64_t, std::span<double>) { inside = first_order_only(); }, [] {});
  CHECK(inside);
  CHECK(!first_order_only());
}

TEST_CASE("sharded step: shards share the rows out, also where there are fewer rows than shards", "[ranks]") {
  const ShardedStep step(*parallel::alone(), 4);
  for (const int64_t rows : {0, 1, 3, 4, 10, 1000}) {
    int64_t end = 0;
    for (int64_t s = 0; s < 4; ++s) {
      const parallel::Range part = step.rows_of(s, rows);
      CHECK(part.begin == end);
      CHECK(part.size() >= rows / 4);
      CHECK(part.size() <= (rows + 3) / 4);
      end = part.end;
    }
    CHECK(end == rows);
  }
}

TEST_CASE("sharded step: figures are added along the tree, and counts over the ranks", "[ranks]") {
  // In doubles 1e16 + 1 is 1e16.
  const double parts[] = {1e16, 1, -1e16, 1};
  std::mutex mutex;
  for (const int64_t ranks : {1, 2, 4}) {
    parallel::run_ranks(ranks, [&](parallel::World& world) {
      ShardedStep step(world, 4);
      int64_t counts[] = {1, world.rank()};
      step.add_up(counts);
      const std::vector<double> sums = step.run(
          2,
          [&](int64_t shard, std::span<double> figures) {
            figures[0] = parts[shard];
            figures[1] = static_cast<double>(shard);
          },
          [] {});
      const std::scoped_lock lock(mutex);
      CHECK(sums == std::vector<double>{(1e16 + 1) + (-1e16 + 1), 6});
      CHECK(counts[0] == ranks);
      CHECK(counts[1] == ranks * (ranks - 1) / 2);
    });
  }
}

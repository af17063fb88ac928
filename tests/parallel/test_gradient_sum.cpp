// The sum of gradients over shards and ranks has one order, whatever the ranks.
#include "parallel/gradient_sum.hpp"

#include <mutex>
#include <numeric>

#include "autograd/kernels/pieces.hpp"
#include "autograd/ops.hpp"
#include "autograd/random.hpp"
#include "parallel/thread_world.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::parallel;

namespace {

std::vector<float> gradient_of_shard(int64_t shard, int64_t n) {
  Rng rng = Rng(5).split(static_cast<uint64_t>(shard));
  std::vector<float> g(static_cast<size_t>(n));
  for (float& x : g) x = static_cast<float>(rng.normal());
  return g;
}

std::vector<float> add(std::vector<float> a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

/// The sum along the tree, by the book.
std::vector<float> tree(int64_t begin, int64_t end, int64_t n) {
  if (end - begin == 1) return gradient_of_shard(begin, n);
  const int64_t middle = (begin + end) / 2;
  return add(tree(begin, middle, n), tree(middle, end, n));
}

/// Parameters of uneven sizes.
std::vector<Range> parameters_of(int64_t n) {
  std::vector<Range> parameters;
  for (int64_t begin = 0, size = 7; begin < n; size = size * 3 % 50'021 + 1) {
    parameters.push_back({begin, std::min(n, begin + size)});
    begin = parameters.back().end;
  }
  return parameters;
}

/// A step of a rank: backward writes its shards' gradients and says in some order which parameters are done.
void step(GradientSum& sum, Tensor flat, int64_t first_shard, int64_t shards,
          const std::vector<Range>& parameters, bool says_done) {
  flat.fill_(0);
  sum.begin(shards);
  for (int64_t s = first_shard; s < first_shard + shards; ++s) {
    const std::vector<float> g = gradient_of_shard(s, flat.numel());
    std::vector<size_t> order(parameters.size());
    std::iota(order.begin(), order.end(), size_t{0});
    Rng(static_cast<uint64_t>(s)).shuffle(order);
    auto* to = flat.mutable_data<float>();
    for (const size_t p : order) {
      for (int64_t i = parameters[p].begin; i < parameters[p].end; ++i) to[i] += g[static_cast<size_t>(i)];
      if (says_done) sum.parameter_done(p);
    }
    sum.end_shard();
  }
  sum.finish();
}

/// A network on which a message takes the time that the other rank needs to begin all others of its round, as
/// if each were slow. What comes is zeros.
class SlowWorld : public World {
 public:
  explicit SlowWorld(int64_t messages)
      : World(0, 2, {.stall_seconds = 0.05, .answer_seconds = 0.01}), messages_(messages) {}

  std::unique_ptr<Swap> swap(int64_t, int64_t tag, std::span<const std::byte>,
                             std::span<std::byte> in) override {
    std::fill(in.begin(), in.end(), std::byte{0});
    int64_t& begun = begun_[static_cast<size_t>(tag - own_tags) % Bucket::tags];
    ++begun;
    return std::make_unique<Slow>(begun, messages_);
  }
  std::string name_of(int64_t rank) const override { return fmt::format("rank {}", rank); }

 private:
  struct Slow : Swap {
    Slow(const int64_t& begun_by_now, int64_t needed) : begun_(begun_by_now), needed_(needed) {}
    bool is_done() override { return begun_ >= needed_; }

   private:
    const int64_t& begun_;
    int64_t needed_;
  };
  void send_note(int64_t, Note) override {}
  int64_t receive_note(Note&) override { return -1; }

  int64_t messages_, begun_[Bucket::tags] = {};
};

}  // namespace

TEST_CASE("gradient sum: no part waits for another's message before it sends its next", "[parallel]") {
  const int64_t n = 300'007;
  const Tensor flat = zeros({n}, DType::f32);
  SlowWorld world(10);
  GradientSum sum(world, flat, {{0, n}}, {.bucket_bytes = 100'000});
  REQUIRE(sum.buckets() == 10);
  step(sum, flat, 0, 1, {{0, n}}, true);
  CHECK(flat.to_vector<float>()[0] == gradient_of_shard(0, n)[0]);
}

TEST_CASE("gradient sum: the same bits on 1, 2, 4 and 8 ranks", "[parallel]") {
  const int64_t n = 300'007, shards = 8;
  const std::vector<Range> parameters = parameters_of(n);
  const std::vector<float> expected = tree(0, shards, n);
  REQUIRE(expected != std::vector<float>(expected.size(), 0.0F));
  std::mutex mutex;
  for (const int64_t ranks : {1, 2, 4, 8}) {
    for (const bool says_done : {false, true}) {
      run_ranks(ranks, [&](World& world) {
        const Tensor flat = zeros({n}, DType::f32);
        GradientSum sum(world, flat, parameters, {.bucket_bytes = 100'000});
        for (int repeat = 0; repeat < 2; ++repeat)
          step(sum, flat, world.rank() * shards / ranks, shards / ranks, parameters, says_done);
        const std::scoped_lock lock(mutex);
        CHECK(sum.buckets() == (ranks == 1 ? 1 : ranks == 2 ? 10 : ranks == 4 ? 5 : 3));
        CHECK(flat.to_vector<float>() == expected);
      });
    }
  }
}

TEST_CASE("gradient sum: another order of adding would show", "[parallel]") {
  const int64_t n = 1000;
  std::vector<float> in_turn = gradient_of_shard(0, n);
  for (int64_t s = 1; s < 8; ++s) in_turn = add(in_turn, gradient_of_shard(s, n));
  CHECK(in_turn != tree(0, 8, n));
}

TEST_CASE("gradient sum: three shards on one rank, and one alone", "[parallel]") {
  const int64_t n = 1000;
  const Tensor flat = zeros({n}, DType::f32);
  GradientSum sum(*alone(), flat, {{0, n}});
  step(sum, flat, 0, 3, {{0, n}}, true);
  CHECK(flat.to_vector<float>() ==
        add(add(gradient_of_shard(0, n), gradient_of_shard(1, n)), gradient_of_shard(2, n)));
  step(sum, flat, 4, 1, {{0, n}}, true);
  CHECK(flat.to_vector<float>() == gradient_of_shard(4, n));
}

TEST_CASE("gradient sum: with slices each rank has its own part, and fetches the others'", "[parallel]") {
  const int64_t n = 300'007, shards = 4;
  const std::vector<Range> parameters = parameters_of(n);
  const std::vector<float> expected = tree(0, shards, n);
  for (const int64_t ranks : {1, 2, 4}) {
    std::vector<int> owners(static_cast<size_t>(n));
    std::mutex mutex;
    run_ranks(ranks, [&](World& world) {
      const Tensor flat = zeros({n}, DType::f32), copy = zeros({n}, DType::f32);
      GradientSum sum(world, flat, parameters, {.bucket_bytes = 100'000, .slices = true});
      step(sum, flat, world.rank() * shards / ranks, shards / ranks, parameters, true);
      const std::vector<float> mine = flat.to_vector<float>();
      std::vector<float> other(static_cast<size_t>(n));
      {
        const std::scoped_lock lock(mutex);
        for (const Range& range : sum.own()) {
          // A piece of the norm belongs to one rank; where there are fewer pieces than ranks some have none.
          CHECK((range.size() == 0 || range.begin % kernels::elements_per_piece == 0));
          for (int64_t i = range.begin; i < range.end; ++i) {
            const auto at = static_cast<size_t>(i);
            ++owners[at];
            other[at] = 2 * mine[at];
            if (mine[at] != expected[at]) FAIL("element " << i);
          }
        }
      }
      std::ranges::copy(other, Tensor(copy).mutable_data<float>());
      sum.gather(copy);
      sum.gather(flat);
      const std::scoped_lock lock(mutex);
      CHECK(flat.to_vector<float>() == expected);
      CHECK(copy.to_vector<float>() == add(expected, expected));
      CHECK(world.size() == ranks);
    });
    CHECK(owners == std::vector<int>(static_cast<size_t>(n), 1));
  }
}

TEST_CASE("gradient sum: double precision", "[parallel]") {
  std::mutex mutex;
  run_ranks(2, [&](World& world) {
    const Tensor flat = zeros({40'000}, DType::f64);
    GradientSum sum(world, flat, {{0, 40'000}});
    sum.begin(1);
    Tensor(flat).fill_(world.rank() == 0 ? 1e16 : 3);
    sum.parameter_done(0);
    sum.end_shard();
    sum.finish();
    const std::scoped_lock lock(mutex);
    CHECK(flat.to_vector<double>() == std::vector<double>(40'000, 1e16 + 3));
  });
}

TEST_CASE("gradient sum: rank 0 collects any stretch of what each rank has of its own, and it alone",
          "[parallel]") {
  constexpr int64_t n = 9 * kernels::elements_per_piece + 77;
  const std::vector<Range> wishes = {{0, n}, {5, 6}, {40'000, 123'456}, {n - 3, n}, {8, 8}};
  for (const int64_t ranks : {1, 2, 4}) {
    std::vector<std::vector<float>> collected;
    run_ranks(ranks, [&](World& world) {
      const GradientSum sum(world, zeros({n}), {{0, n}}, {.bucket_bytes = n, .slices = true});
      std::vector<float> numbers;
      for (const Range& range : sum.own())
        for (int64_t i = range.begin; i < range.end; ++i) numbers.push_back(static_cast<float>(i));
      const Tensor mine = tensor(numbers, Shape{std::ssize(numbers)});
      for (const Range& wanted : wishes) {
        const Tensor got = sum.collect(mine, wanted);
        if (got.defined() != (world.rank() == 0)) fail<Error>("rank {} got the wrong thing", world.rank());
        if (world.rank() == 0) collected.push_back(got.to_vector<float>());
      }
    });
    REQUIRE(collected.size() == wishes.size());
    for (size_t i = 0; i < wishes.size(); ++i) {
      std::vector<float> expected(static_cast<size_t>(wishes[i].size()));
      std::iota(expected.begin(), expected.end(), static_cast<float>(wishes[i].begin));
      CHECK(collected[i] == expected);
    }
  }
}

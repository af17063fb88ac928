// Chapter 20: shards with the weights of the whole batch give its gradient; a sum's bits hang on its order,
// and along the tree not on the workers; rings and trees by hand send what the text says and are the
// library's; the models of cost and of waiting; the bugs are caught.
#include <set>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/sanitized.hpp"
#include "support/training_seed.hpp"
#include "tutorials/20_many_workers/by_library.hpp"
#include "tutorials/20_many_workers/cost.hpp"
#include "tutorials/20_many_workers/learning.hpp"
#include "tutorials/20_many_workers/museum.hpp"
#include "tutorials/20_many_workers/rounds.hpp"
#include "tutorials/20_many_workers/waiting.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials::many_workers;

namespace {

constexpr uint64_t seeds_tried = is_sanitized ? 1 : 8;

/// Seeds of networks and of batches.
std::vector<uint64_t> some_seeds() {
  std::vector<uint64_t> all;
  for (uint64_t i = 0; i < seeds_tried; ++i) all.push_back(training_seed(10 * i + 1));
  return all;
}

Flat truth_of(const Batch& batch, const Net& net) {
  return gradient_of(batch, net, 1 / static_cast<double>(asked_in(batch)));
}

std::vector<std::string> terms_of(int64_t workers, Way way) {
  std::vector<std::vector<Term>> parts;
  for (int64_t w = 0; w < workers; ++w)
    parts.emplace_back(static_cast<size_t>(workers), Term::of(std::to_string(w)));
  std::vector<std::string> said;
  const Summed<Term> summed = sum_of(parts, way);
  for (const Term& term : summed.of_worker.back()) said.push_back(term.say());
  return said;
}

}  // namespace

TEST_CASE("20: what places cost is the library's loss, with the right gradient", "[tutorials]") {
  const Sizes small{.inputs = 5, .hidden = 4, .classes = 3};
  Rng rng(training_seed(2));
  const Batch batch = batch_of({3, 0}, rng, small, DType::f64);
  const Net net = fresh_net(training_seed(3), small, DType::f64);
  const Tensor scores = linear(tanh(linear(batch.x, net[0], net[1])), net[2], net[3]);
  const Tensor theirs = cross_entropy(scores, batch.labels, {.reduction = LossReduction::none});
  CHECK(worst_difference(costs(batch, net), theirs) < 1e-13);
  for (const bool second_order : {false, true}) {
    CHECK(gradcheck([&](const auto& in) { return costs(batch, in); }, net,
                    {.sample = elements(0), .second_order = second_order})
              .passed);
  }
}

TEST_CASE("20: shards with the weight of the whole batch give its gradient, however it is cut",
          "[tutorials]") {
  CHECK(asked_in(first_batch()) == 29);
  for (const uint64_t seed : some_seeds()) {
    const Net net = fresh_net(seed);
    const Batch batch = first_batch(seed);
    for (int64_t s = 0; s < most_shards; ++s)
      CHECK(asked_in(shard_of(batch, s, most_shards)) == uneven[static_cast<size_t>(s)]);
    const Flat truth = truth_of(batch, net);
    for (const int64_t shards : {1, 2, 4, 8}) {
      CHECK(distance(in_turn(gradients_of_shards(batch, net, shards)), truth) < 1e-5);
      const double off =
          distance(in_turn(gradients_of_shards(batch, net, shards, Weighting::mean_of_means)), truth);
      if (shards == 1) CHECK(off < 1e-5);
      if (shards > 1) CHECK(off > 0.1);
    }
    Rng rng(seed);
    const Batch even = batch_of(std::vector<int64_t>(8, 4), rng);
    CHECK(distance(in_turn(gradients_of_shards(even, net, 8, Weighting::mean_of_means)),
                   truth_of(even, net)) < 1e-5);
  }
}

TEST_CASE("20: four numbers in three orders", "[tutorials]") {
  const std::vector<Flat> abcd = {{1e8F}, {1}, {-1e8F}, {1}};
  CHECK(in_turn(abcd) == Flat{1});
  CHECK(along_tree(abcd) == Flat{0});
  CHECK(in_turn({abcd[0], abcd[2], abcd[1], abcd[3]}) == Flat{2});
  CHECK(different({0.0F}, {-0.0F}) == 1);  // bits, not values
}

TEST_CASE("20: two parts have one order, and of four or eight each order has bits of its own",
          "[tutorials]") {
  for (const uint64_t seed : some_seeds()) {
    for (const int64_t workers : {2, 4, 8}) {
      const std::vector<Flat> parts = gradients_of_shards(first_batch(seed), fresh_net(seed), workers);
      const Flat turn = in_turn(parts), ring = around_ring(parts), tree = along_tree(parts);
      CHECK((different(ring, turn) > 0) == (workers > 2));
      CHECK((different(tree, turn) > 0) == (workers > 2));
      CHECK((different(ring, tree) > 0) == (workers > 2));
      CHECK(different(ring, turn, piece_of(0, workers, std::ssize(turn))) == 0);
      for (const Flat& sum : {turn, ring, tree}) CHECK(is_near(sum, parts));
    }
  }
  const std::vector<Flat> parts = {{1}, {1}};
  CHECK(is_near({2}, parts));
  CHECK_FALSE(is_near({2.0000005F}, parts));
}

TEST_CASE("20: who is added when, in a ring and along a tree", "[tutorials]") {
  using Said = std::vector<std::string>;
  CHECK(terms_of(4, Way::one_for_all) == Said(4, "((0+1)+2)+3"));
  CHECK(terms_of(4, Way::ring) == Said{"((0+1)+2)+3", "((1+2)+3)+0", "((2+3)+0)+1", "((3+0)+1)+2"});
  CHECK(terms_of(4, Way::tree) == Said{"(0+1)+(2+3)", "(2+3)+(0+1)", "(1+0)+(3+2)", "(3+2)+(1+0)"});
  CHECK(terms_of(2, Way::ring) == Said{"0+1", "1+0"});
  CHECK(terms_of(8, Way::ring)[5] == "((((((5+6)+7)+0)+1)+2)+3)+4");
  CHECK(terms_of(8, Way::tree)[0] == "((0+1)+(2+3))+((4+5)+(6+7))");
}

TEST_CASE("20: ring and tree send 2 (N - 1) / N of the array, in 2 (N - 1) and 2 log2 N messages",
          "[tutorials]") {
  Rng rng(4);
  for (const int64_t workers : {1, 2, 4, 8, 16}) {
    for (const int64_t n : {3, 10, 48}) {  // 48 is a multiple of all workers
      std::vector<Flat> parts(static_cast<size_t>(workers), Flat(static_cast<size_t>(n)));
      for (Flat& part : parts)
        for (float& x : part) x = static_cast<float>(rng.normal());
      for (const Way way : {Way::one_for_all, Way::ring, Way::tree}) {
        INFO(workers << " workers, " << n << " numbers, way " << static_cast<int>(way));
        const Summed<float> summed = sum_of(parts, way);
        const Flat order = way == Way::one_for_all ? in_turn(parts)
                           : way == Way::ring      ? around_ring(parts)
                                                   : along_tree(parts);
        for (const Flat& one : summed.of_worker) CHECK(different(one, order) == 0);
        const int64_t messages = way == Way::one_for_all ? workers - 1 : messages_of(way, workers);
        CHECK(summed.most_messages == messages);
        if (n != 48) continue;
        CHECK(summed.most_numbers ==
              (way == Way::one_for_all ? (workers - 1) * n : 2 * (workers - 1) * n / workers));
      }
    }
  }
}

TEST_CASE("20: after half of the rounds each worker has one piece of the whole sum", "[tutorials]") {
  for (const Way way : {Way::ring, Way::tree}) {
    for (const int64_t workers : {2, 4, 8}) {
      const std::vector<std::vector<Flat>> rounds = counts_by_round(workers, way);
      CHECK(std::ssize(rounds) == 1 + messages_of(way, workers));
      const Flat one(static_cast<size_t>(workers), 1), all(one.size(), static_cast<float>(workers));
      std::set<std::ptrdiff_t> owned;
      for (size_t w = 0; w < one.size(); ++w) {
        CHECK(rounds.front()[w] == one);
        CHECK(rounds.back()[w] == all);
        const Flat& half = rounds[rounds.size() / 2][w];
        CHECK(std::ranges::count(half, all[0]) == 1);
        owned.insert(std::ranges::find(half, all[0]) - half.begin());
        const auto rank = static_cast<int64_t>(w);
        const int64_t piece =
            way == Way::ring ? (rank + 1) % workers : halves_of(rank, workers, workers).back().begin;
        CHECK(half[static_cast<size_t>(piece)] == all[0]);
      }
      CHECK(std::ssize(owned) == workers);
    }
  }
}

TEST_CASE("20: along the tree the bits are the same on 1, 2, 4 and 8 workers, and the library's",
          "[tutorials]") {
  for (const uint64_t seed : some_seeds()) {
    const Net net = fresh_net(seed);
    const Batch batch = first_batch(seed);
    const std::vector<Flat> shards = gradients_of_shards(batch, net, most_shards);
    const Flat tree = along_tree(shards), turn = in_turn(shards);
    for (const int64_t workers : {1, 2, 4, 8}) {
      CHECK(different(shared_out(shards, workers, Way::tree), tree) == 0);
      CHECK((different(shared_out(shards, workers, Way::ring), turn) > 0) == (workers > 1));
      const std::vector<Flat> summed = by_gradient_sum(shards, net, workers);
      const std::vector<Flat> stepped = by_sharded_step(batch, seed, most_shards, workers);
      CHECK(std::ssize(summed) == workers);
      for (const Flat& one : summed) CHECK(different(one, tree) == 0);
      for (const Flat& one : stepped) CHECK(different(one, tree) == 0);
    }
  }
}

TEST_CASE("20: a counter keeps log2 sums, and ends with the tree's", "[tutorials]") {
  std::vector<Flat> parts;
  Rng rng(6);
  Counter counter;
  for (int64_t s = 0; s < 16; ++s) {
    parts.emplace_back(50);
    for (float& x : parts.back()) x = static_cast<float>(rng.normal());
    counter.push(parts.back());
    CHECK(static_cast<int>(counter.waiting().size()) == std::popcount(static_cast<uint64_t>(s + 1)));
  }
  CHECK(different(counter.waiting().front(), along_tree(parts)) == 0);
}

TEST_CASE("20: the model: the ring waits for N - 1 messages, the tree for log2 N, and one for all is lost",
          "[tutorials]") {
  const Line line{.alpha = 2, .beta = 3};
  CHECK(seconds(Way::ring, 4, 8, line) == Approx(2 * 6 + 3 * 8 * 1.5));
  CHECK(seconds(Way::tree, 4, 8, line) == Approx(2 * 4 + 3 * 8 * 1.5));
  CHECK(seconds(Way::one_for_all, 4, 8, line) == Approx(2 * 6 + 3 * 8 * 6));
  CHECK(seconds(Way::ring, 1, 8, line) == 0);
  for (int64_t N = 2; N <= 512; N *= 2) CHECK(seconds(Way::tree, N, 1e6) <= seconds(Way::ring, N, 1e6));
}

TEST_CASE("20: what is sent as it comes is hidden, but for the last bucket or behind the first",
          "[tutorials]") {
  for (const int64_t sending : {1, 2, 3, 5}) {
    const Course course{.backward = {2}, .sending = sending};
    CHECK(timeline_of(course).end == std::max(6 * 2 + sending, 2 + 6 * sending));
    CHECK(timeline_of({.backward = {2}, .sending = sending, .waits = true}).end == 6 * 2 + 6 * sending);
  }
  CHECK(timeline_of({}).line == "..6.5.4.3.2.1");
  CHECK(timeline_of({}).workers == std::vector<std::string>{"665544332211."});
  const Timeline slow = timeline_of({.backward = {2, 2, 2, 3}});
  CHECK(slow.end == timeline_of({.backward = {3}}).end);  // all wait for the slowest
  CHECK(slow.workers[0] == "665544332211.......");
  CHECK(timeline_of({.bucket = 1, .message = 2}).end == 20);
  CHECK(timeline_of({.bucket = 2, .message = 2}).end == 16);
  CHECK(timeline_of({.bucket = 3, .message = 2}).end == 17);
  CHECK(timeline_of({.bucket = 6, .message = 2}).end == 20);
  CHECK(some_slow(0.05, 1) == Approx(0.05));
  CHECK(some_slow(0.5, 2) == Approx(0.75));
}

TEST_CASE("20: training: along the tree one network on any number of workers, with the ring another one",
          "[tutorials]") {
  const int64_t steps = is_sanitized ? 2 : 60;
  for (const uint64_t seed : {training_seed(1), training_seed(11)}) {
    const std::vector<Flat> alone = learn(steps, 1, Way::tree, seed),
                            by_ring = learn(steps, 1, Way::ring, seed);
    if (!is_sanitized) CHECK(loss_of(alone[0]) < loss_of(learn(0, 1, Way::tree, seed)[0]) / 4);
    for (const int64_t workers : {2, 4, 8}) {
      for (const Flat& one : learn(steps, workers, Way::tree, seed)) CHECK(different(one, alone[0]) == 0);
      const std::vector<Flat> ring = learn(steps, workers, Way::ring, seed);
      for (const Flat& one : ring) CHECK(different(one, ring[0]) == 0);
      CHECK(different(ring[0], by_ring[0]) > 0);
      CHECK(distance(ring[0], by_ring[0]) < 1e-3);
    }
  }
}

TEST_CASE("20 museum: the same rows for all, and clipping before the sum", "[tutorials]") {
  for (const uint64_t seed : some_seeds()) {
    const Net net = fresh_net(seed);
    const Batch batch = first_batch(seed);
    const Flat truth = truth_of(batch, net);
    CHECK(distance(all_read_the_same(batch, net, 1), truth) < 1e-5);
    for (const int64_t workers : {2, 4, 8})
      CHECK(distance(all_read_the_same(batch, net, workers), truth) > 0.2);

    const std::vector<Flat> shards = gradients_of_shards(batch, net, most_shards);
    const double whole = length_of(truth), most = whole / 2;
    for (const int64_t workers : {1, 2, 4, 8}) {
      CHECK(length_of(clipped_sum(shards, workers, most, Clip::sum)) == Approx(most).epsilon(1e-4));
      const double each = length_of(clipped_sum(shards, workers, most, Clip::each_part));
      CHECK((each > 1.2 * most) == (workers > 1));
      if (workers == 8)
        CHECK(each == Approx(whole).epsilon(1e-4));  // no part is that long: nothing is clipped
    }
  }
  CHECK(clipped({3, 4}, 10) == Flat{3, 4});
  CHECK(clipped({3, 4}, 2.5) == Flat{1.5, 2});
}

TEST_CASE("20 museum: buckets in another order wait for ever, and the library says so", "[tutorials]") {
  CHECK(two_buckets(false).empty());
  CHECK(two_buckets(true) == "no rank has got on for 0.5 seconds, and all of them wait for another");
}

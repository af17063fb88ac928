// Chapter 20: a batch that many workers share. Shards with the weights of the whole batch; the order of a sum
// and its bits; a sum around a ring and along a tree; what it costs, and what waits for what.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "by_library.hpp"
#include "cost.hpp"
#include "learning.hpp"
#include "museum.hpp"
#include "rounds.hpp"
#include "tutorials/support/kit.hpp"
#include "waiting.hpp"

using namespace gradus;
using namespace gradus::tutorials;
using namespace gradus::tutorials::many_workers;

namespace {

constexpr uint64_t seed = 1;
constexpr int64_t lessons = short_run ? 2 : 60;  ///< steps of learning

/// A sentence, and whether it holds.
void tell(const std::string& claim, bool holds) { fmt::print("{:<64} {}\n", claim, holds); }

/// The gradient of the whole batch at once.
Flat truth_of(const Batch& batch, const Net& net) {
  return gradient_of(batch, net, 1 / static_cast<double>(asked_in(batch)));
}

void shards() {
  const Net net = fresh_net(seed);
  const Batch batch = first_batch();
  section("A batch in shards");
  const auto line = [](const std::string& name, const auto& of_shard, const std::string& all) {
    fmt::print("{:<28}", name);
    for (int64_t s = 0; s < most_shards; ++s)
      fmt::print(" {:>4}", of_shard(shard_of(first_batch(), s, most_shards), s));
    fmt::print(" {:>6}\n", all);
  };
  line(
      "shard", [](const Batch&, int64_t s) { return s; }, "all");
  line(
      "places", [](const Batch& shard, int64_t) { return shard.x.size(0); },
      fmt::format("{}", batch.x.size(0)));
  line(
      "asked for", [](const Batch& shard, int64_t) { return asked_in(shard); },
      fmt::format("{}", asked_in(batch)));
  fmt::print("the network has {} parameters\n", numbers_of(net).size());

  section("The sum of the shards");
  const Flat truth = truth_of(batch, net);
  const Flat sum = in_turn(gradients_of_shards(batch, net, most_shards));
  fmt::print("the whole batch at once: a gradient of {} numbers\n", truth.size());
  fmt::print("the sum of 8 shards is the same to 1e-5: {}\n", distance(sum, truth) < 1e-5);

  section("Gradient check");
  Rng rng(5);
  const Sizes small{.inputs = 5, .hidden = 4, .classes = 3};
  const Batch few = batch_of({5, 0}, rng, small, DType::f64);
  check_gradient(
      "what each place costs", [&](const auto& in) { return costs(few, in); },
      fresh_net(3, small, DType::f64));
}

void orders() {
  section("Four numbers");
  const float a = 100'000'000, b = 1, c = -100'000'000, d = 1;
  fmt::print("a = {}, b = {}, c = {}, d = {}\n", a, b, c, d);
  fmt::print("((a + b) + c) + d = {}\n", ((a + b) + c) + d);
  fmt::print("(a + b) + (c + d) = {}\n", (a + b) + (c + d));
  fmt::print("((a + c) + b) + d = {}\n", ((a + c) + b) + d);

  section("Three orders");
  fmt::print("of {} numbers, with other bits than added in turn:\n", numbers_of(fresh_net(seed)).size());
  fmt::print("{:<10} {:>8} {:>8}\n", "workers", "ring", "tree");
  bool two_alike = false, others_differ = true, first_piece = true, all_near = true;
  for (const int64_t workers : {2, 4, 8}) {
    const std::vector<Flat> parts = gradients_of_shards(first_batch(), fresh_net(seed), workers);
    const Flat turn = in_turn(parts), ring = around_ring(parts), tree = along_tree(parts);
    const int64_t of_ring = different(ring, turn), of_tree = different(tree, turn);
    fmt::print("{:<10} {:>8} {:>8}\n", workers, of_ring, of_tree);
    if (workers == 2) two_alike = of_ring == 0 && of_tree == 0;
    if (workers > 2) others_differ = others_differ && of_ring > 0 && of_tree > 0 && different(ring, tree) > 0;
    first_piece = first_piece && different(ring, turn, piece_of(0, workers, std::ssize(turn))) == 0;
    for (const Flat& sum : {turn, ring, tree}) all_near = all_near && is_near(sum, parts);
  }

  section("Three orders, in words");
  tell("2 workers: the same bits in all three orders:", two_alike);
  tell("4 and 8 workers: in every two orders some numbers differ:", others_differ);
  tell("the ring's first piece is added in turn:", first_piece);
  tell("all are as near to the exact sum as roundings allow:", all_near);
}

void by_hand() {
  section("Who is added when");
  std::vector<std::vector<Term>> parts;
  for (int64_t w = 0; w < 4; ++w) parts.emplace_back(4, Term::of(std::to_string(w)));
  for (const auto& [name, way] : {std::pair{"one for all", Way::one_for_all}, std::pair{"ring", Way::ring},
                                  std::pair{"tree", Way::tree}}) {
    const Summed<Term> summed = sum_of(parts, way);
    fmt::print("{}\n", name);
    for (size_t piece = 0; piece < 4; ++piece)
      fmt::print("  piece {}: {}\n", piece, summed.of_worker[0][piece].say());
  }
  save_figure("rounds.svg",
              plot::below({draw_rounds("ring", 4, Way::ring), draw_rounds("tree", 4, Way::tree)}));

  section("Messages");
  fmt::print("the worker that sends most, {} numbers to be summed\n", numbers_of(fresh_net(seed)).size());
  fmt::print("{:<10} {:>26} {:>18} {:>18}\n", "", "one for all", "ring", "tree");
  fmt::print("{:<10} {:>17} {:>8} {:>9} {:>8} {:>9} {:>8}\n", "workers", "messages", "numbers", "messages",
             "numbers", "messages", "numbers");
  bool all_have_it = true, as_said = true;
  for (const int64_t workers : {2, 4, 8}) {
    const std::vector<Flat> shards = gradients_of_shards(first_batch(), fresh_net(seed), workers);
    fmt::print("{:<10}", workers);
    for (const Way way : {Way::one_for_all, Way::ring, Way::tree}) {
      const Summed<float> summed = sum_of(shards, way);
      fmt::print(" {:>{}} {:>8}", summed.most_messages, way == Way::one_for_all ? 17 : 9,
                 summed.most_numbers);
      for (const Flat& sum : summed.of_worker)
        all_have_it = all_have_it && different(sum, summed.of_worker[0]) == 0;
      const Flat order = way == Way::one_for_all ? in_turn(shards)
                         : way == Way::ring      ? around_ring(shards)
                                                 : along_tree(shards);
      as_said = as_said && different(summed.of_worker[0], order) == 0;
    }
    fmt::print("\n");
  }
  fmt::print("every worker has the same bits in the end: {}\n", all_have_it);
  fmt::print("and they are those of the three orders above: {}\n", as_said);
}

void same_bits() {
  const Net net = fresh_net(seed);
  const Batch batch = first_batch();
  const std::vector<Flat> shards = gradients_of_shards(batch, net, most_shards);

  section("A counter");
  Counter counter;
  fmt::print("sums that wait, each with the number of its shards\n");
  for (int64_t s = 0; s < most_shards; ++s) {
    counter.push({1.0F});  // so that a sum says of how many shards it is
    std::vector<float> sizes;
    for (const Flat& sum : counter.waiting()) sizes.push_back(sum[0]);
    fmt::print("after shard {}: {}\n", s, fmt::join(sizes, " "));
  }

  section("Bits and workers");
  const auto line = [&](const std::string& name, Way way) {
    std::vector<int64_t> counts;
    const Flat alone = shared_out(shards, 1, way);
    fmt::print("{:<28}", name);
    for (const int64_t workers : {1, 2, 4, 8}) {
      counts.push_back(different(shared_out(shards, workers, way), alone));
      fmt::print(" {:>6}", counts.back());
    }
    fmt::print("\n");
    return counts;
  };
  fmt::print("{:<28} {:>6} {:>6} {:>6} {:>6}\n", "workers", 1, 2, 4, 8);
  const std::vector<int64_t> ring = line("in turn, then the ring", Way::ring);
  const std::vector<int64_t> tree = line("along the tree", Way::tree);

  section("Bits and workers, in words");
  tell("the ring: other bits on 2, on 4 and on 8 workers than on one:",
       ring[1] > 0 && ring[2] > 0 && ring[3] > 0);
  tell("the tree: the same bits on 1, 2, 4 and 8 workers:", tree == std::vector<int64_t>(4, 0));

  section("The library");
  const Flat by_hand = along_tree(shards);
  for (const int64_t workers : {1, 2, 4, 8}) {
    bool sums = true, steps = true;
    for (const Flat& one : by_gradient_sum(shards, net, workers)) sums = sums && different(one, by_hand) == 0;
    for (const Flat& one : by_sharded_step(batch, seed, most_shards, workers))
      steps = steps && different(one, by_hand) == 0;
    fmt::print("{} {:<8} GradientSum has our bits: {}   ShardedStep has: {}\n", workers,
               workers == 1 ? "worker:" : "workers:", sums, steps);
  }
}

void what_it_costs() {
  section("What it costs");
  const std::vector<std::pair<std::string, double>> arrays = {{"our 10,384 numbers", 10'384},
                                                              {"BERT-base, 110 million", 110e6}};
  fmt::print("milliseconds, at 30 microseconds a message and 10 Gbit/s\n");
  fmt::print("{:<24} {:>8} {:>12} {:>10} {:>10}\n", "", "workers", "one for all", "ring", "tree");
  for (const auto& [name, numbers] : arrays) {
    for (const int64_t workers : {2, 8, 64, 512}) {
      fmt::print("{:<24} {:>8}", name, workers);
      for (const Way way : {Way::one_for_all, Way::ring, Way::tree})
        fmt::print(" {:>{}.2f}", 1000 * seconds(way, workers, 4 * numbers),
                   way == Way::one_for_all ? 12 : 10);
      fmt::print("\n");
    }
  }
  save_figure("cost.svg", draw_costs(arrays));
}

void what_waits() {
  section("What waits for what");
  std::vector<plot::Picture> pictures;
  for (const auto& [name, course] :
       {std::pair{"sent when all is done", Course{.waits = true}}, std::pair{"sent as it comes", Course{}},
        std::pair{"as it comes, over a slower line", Course{.sending = 3}}}) {
    const Timeline timeline = timeline_of(course);
    const Rows rows = {{"backward", timeline.workers[0]}, {"on the line", timeline.line}};
    fmt::print("{}: {}\n", name, timeline.end);
    print_rows(rows);
    pictures.push_back(draw_rows(fmt::format("{}: {}", name, timeline.end), rows, 20));
  }
  save_figure("waiting.svg", plot::below(pictures));

  section("Buckets");
  fmt::print("a message takes 2 and a layer 1 more: 6 layers in buckets of\n");
  for (const int64_t bucket : {1, 2, 3, 6})
    fmt::print("  {} {:<7} {} times\n", bucket,
               bucket == 1 ? "layer:" : "layers:", timeline_of({.bucket = bucket, .message = 2}).end);

  section("A slow worker");
  const Timeline slow = timeline_of({.backward = {2, 2, 2, 3}});
  Rows workers;
  for (size_t w = 0; w < slow.workers.size(); ++w)
    workers.emplace_back(fmt::format("worker {}", w), slow.workers[w]);
  workers.emplace_back("on the line", slow.line);
  print_rows(workers);
  save_figure("slow.svg", draw_rows("Three wait for the fourth", workers, slow.line.size()));

  section("The slowest of many");
  fmt::print("each worker takes twice as long in one step of twenty\n");
  fmt::print("{:<10} {:>20} {:>16}\n", "workers", "steps that are slow", "a step takes");
  for (const int64_t N : {1, 8, 64, 512})
    fmt::print("{:<10} {:>18.1f} % {:>16.2f}\n", N, 100 * some_slow(0.05, N), 1 + some_slow(0.05, N));
}

void sixty_steps() {
  section("Sixty steps");
  std::vector<Flat> ring, tree;
  const double before = loss_of(learn(0, 1, Way::tree, seed)[0]);
  bool all_alike = true;
  for (const int64_t workers : {1, 2, 4, 8}) {
    for (const Way way : {Way::ring, Way::tree}) {
      const std::vector<Flat> learnt = learn(lessons, workers, way, seed);
      for (const Flat& one : learnt) all_alike = all_alike && different(one, learnt[0]) == 0;
      (way == Way::ring ? ring : tree).push_back(learnt[0]);
    }
  }
  fmt::print("loss before {:.3f}, after {:.3f}\n", before, loss_of(tree[0]));
  fmt::print("{:<44} {:>8} {:>8} {:>8}\n", "parameters with other bits than on one", 2, 4, 8);
  double apart = 0;
  bool ring_differs = true, tree_alike = true;
  for (const auto& [name, learnt] :
       {std::pair{"in turn, then the ring", &ring}, std::pair{"along the tree", &tree}}) {
    fmt::print("{:<44}", name);
    for (size_t i = 1; i < 4; ++i) {
      const int64_t count = different((*learnt)[i], (*learnt)[0]);
      fmt::print(" {:>8}", count);
      if (learnt == &ring) ring_differs = ring_differs && count > 0;
      if (learnt == &ring) apart = std::max(apart, distance((*learnt)[i], (*learnt)[0]));
      if (learnt == &tree) tree_alike = tree_alike && count == 0;
    }
    fmt::print("\n");
  }
  fmt::print("the ring's networks are apart by {:.1e} of their length\n", apart);

  section("Sixty steps, in words");
  tell("all workers of a run end with the same bits:", all_alike);
  tell("the ring: another network on 2, on 4 and on 8 workers:", ring_differs);
  tell("the tree: one network on 1, 2, 4 and 8 workers:", tree_alike);
  tell("the loss is less than half of what it was:", shown(loss_of(tree[0]) < before / 2));
}

void museum() {
  const Net net = fresh_net(seed);
  const Batch batch = first_batch();
  const Flat truth = truth_of(batch, net);
  section("Museum: a mean of means over workers");
  const auto distances = [&](const std::string& name, const Batch& of, Weighting weighting) {
    fmt::print("{:<40}", name);
    for (const int64_t workers : {1, 2, 4, 8})
      fmt::print(" {:>7.3f}",
                 distance(in_turn(gradients_of_shards(of, net, workers, weighting)), truth_of(of, net)));
    fmt::print("\n");
  };
  Rng rng(8);
  fmt::print("{:<40} {:>7} {:>7} {:>7} {:>7}\n", "how far from the true gradient, workers", 1, 2, 4, 8);
  distances("1 / all that are asked", batch, Weighting::whole_batch);
  distances("mean of means", batch, Weighting::mean_of_means);
  distances("mean of means, 4 asked in each shard", batch_of(std::vector<int64_t>(8, 4), rng),
            Weighting::mean_of_means);

  section("Museum: the same rows for all");
  fmt::print("{:<10} {:>24} {:>28}\n", "workers", "places that are read", "how far from the gradient");
  for (const int64_t workers : {1, 2, 4, 8})
    fmt::print("{:<10} {:>24} {:>28.3f}\n", workers, batch.x.size(0) / workers,
               distance(all_read_the_same(batch, net, workers), truth));

  section("Museum: clipped before the sum");
  const std::vector<Flat> shards = gradients_of_shards(batch, net, most_shards);
  const double most = length_of(truth) / 2;
  fmt::print("a gradient is made half as long. How long it is, of what it was, workers\n");
  fmt::print("{:<24} {:>6} {:>6} {:>6} {:>6}\n", "", 1, 2, 4, 8);
  for (const auto& [name, what] :
       {std::pair{"the sum is clipped", Clip::sum}, std::pair{"each worker's part is", Clip::each_part}}) {
    fmt::print("{:<24}", name);
    for (const int64_t workers : {1, 2, 4, 8})
      fmt::print(" {:>6.2f}", length_of(clipped_sum(shards, workers, most, what)) / length_of(truth));
    fmt::print("\n");
  }

  section("Museum: buckets in another order");
  const std::string right = two_buckets(false);
  fmt::print("both 1, 2:     {}\n", right.empty() ? "done" : right);
  fmt::print("1, 2 and 2, 1: {}\n", two_buckets(true));
}

void the_real_thing() {
  section("The real thing");
  fmt::print("needs MPI: scripts/setup mpi, and build again; then\n");
  fmt::print("  mpirun -n 4 gradus pretrain text.txt --out model --steps 200 --shards 8\n");
  fmt::print("1, 2, 4 or 8 workers for 8 shards: model/model.safetensors is the same file\n");
}

}  // namespace

int main(int argc, char** argv) {
  return run_chapter(argc, argv, [] {
    shards();
    orders();
    by_hand();
    same_bits();
    what_it_costs();
    what_waits();
    sixty_steps();
    museum();
    the_real_thing();
  });
}

// Training and scoring on several ranks, here threads: the bits of one rank, whatever their number.
#include <atomic>
#include <map>
#include <mutex>

#include "autograd/file.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "parallel/thread_world.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;
using parallel::run_ranks;

namespace {

/// A world that outlives its options' pointer to it.
std::shared_ptr<parallel::World> borrowed(parallel::World& world) {
  return std::shared_ptr<parallel::World>(&world, [](parallel::World*) {});
}

/// What a run leaves: its weights, its moments and its state, and what it said.
struct Run {
  std::string weights, moments;
  TrainingState state;
  std::vector<double> said;
};

/// Trains on `ranks` ranks in `folder`, where a run may have begun.
Run trained(const World& world, int64_t ranks, const TrainerOptions& options,
            const std::filesystem::path& folder, const std::function<bool(int64_t rank)>& stop = {}) {
  Run run;
  run_ranks(ranks, [&](parallel::World& all) {
    TrainerOptions own = options;
    own.world = borrowed(all);
    TrainerEvents events;
    if (all.rank() == 0) {
      events.step = [&](const StepReport& r) {
        run.said.insert(run.said.end(), {r.loss, r.mlm_loss, r.nsp_loss, r.mlm_accuracy, r.gradient_norm});
      };
      events.evaluation = [&](const StepReport&, const Evaluation& e) {
        run.said.insert(run.said.end(), {e.mlm_loss(), e.nsp_loss(), e.mlm_accuracy(), e.perplexity()});
      };
    }
    if (stop) events.stop = [&] { return stop(all.rank()); };
    Trainer trainer(world.model(), world.tokenizer, world.training, world.held_out, own, folder, events);
    trainer.resume();
    trainer.run();
    if (all.rank() == 0) run.state = trainer.state();
  });
  const std::filesystem::path last = *newest_checkpoint(folder);
  run.weights = read_file(last / "model.safetensors");
  run.moments = read_file(last / "optimizer.safetensors");
  run.state.seconds = 0;  // the only thing that a clock decides
  return run;
}

TrainerOptions options_of(const World& world) {
  TrainerOptions options = world.options();
  options.steps = 8;
  options.slots = 256;
  options.accumulate = 1;
  options.shards = 4;
  options.report_every = 1;
  return options;
}

void check_same(const Run& run, const Run& expected) {
  CHECK(run.weights == expected.weights);
  CHECK(run.moments == expected.moments);
  CHECK(run.state == expected.state);
  CHECK(run.said == expected.said);
}

}  // namespace

TEST_CASE(
    "ranks: a run on 2 and 4 ranks has the bits of one, in its weights, moments, losses and evaluations",
    "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  const TrainerOptions options = options_of(world);
  const Run one = trained(world, 1, options, folder / "1");
  REQUIRE(one.said.size() > 40);
  for (const int64_t ranks : {2, 4}) {
    INFO(ranks << " ranks");
    check_same(trained(world, ranks, options, folder / std::to_string(ranks)), one);
  }
  // Small buckets go out while backward is still at work, large ones afterwards: the same again.
  TrainerOptions small = options;
  small.bucket_bytes = 1;
  check_same(trained(world, 2, small, folder / "small"), one);
}

TEST_CASE("ranks: each may keep a part of the moments, with the same bits, also where runs go on",
          "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  for (const char* optimizer : {"adamw", "bert-adam", "adam", "sgd"}) {
    INFO(optimizer);
    TrainerOptions options = options_of(world);
    options.optimizer = optimizer;
    options.clip = 0.5;
    const Run one = trained(world, 1, options, folder / optimizer / "1");
    options.share_moments = true;
    for (const int64_t ranks : {1, 2, 4}) {
      INFO(ranks << " ranks");
      const std::filesystem::path run = folder / optimizer / ("part" + std::to_string(ranks));
      check_same(trained(world, ranks, options, run), one);
    }
  }
  TrainerOptions options = options_of(world);
  options.share_moments = true;
  const Run whole = trained(world, 1, options, folder / "whole");
  std::atomic<int> asked = 0;
  trained(world, 4, options, folder / "run", [&](int64_t rank) { return rank == 0 && ++asked == 6; });
  const Run rest = trained(world, 2, options, folder / "run");
  CHECK(rest.weights == whole.weights);
  CHECK(rest.moments == whole.moments);
  options.optimizer = "muon";
  CHECK_THROWS_WITH(trained(world, 2, options, folder / "muon"),
                    "optimizer: this one steps over whole matrices, so its work cannot be shared");
}

TEST_CASE("ranks: so do packed rows, batches that add up to a step, and batches that grow", "[ranks]") {
  World world;
  const TemporaryFolder folder;
  TrainerOptions options = options_of(world);
  options.slots = 128;
  options.accumulate = 4;
  options.shards = 0;
  options.first_slots = 64;
  world.training = world.data(60, false, {.max_length = 32, .pack = true});
  check_same(trained(world, 2, options, folder / "2"), trained(world, 1, options, folder / "1"));
}

TEST_CASE("ranks: how a step is cut into shards shows in the bits, and is all that does", "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = options_of(world);
  const Run four = trained(world, 2, options, folder / "four");
  options.shards = 2;
  const Run two = trained(world, 2, options, folder / "two");
  CHECK(two.weights != four.weights);
}

TEST_CASE("ranks: a run goes on with another number of ranks, and ends with the same bits", "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  const TrainerOptions options = options_of(world);
  const Run whole = trained(world, 1, options, folder / "whole");
  for (const auto& [first, second] : std::map<int64_t, int64_t>{{1, 4}, {2, 1}, {4, 2}}) {
    INFO(first << " ranks, then " << second);
    const std::filesystem::path run = folder / std::to_string(first);
    // The last rank wants to stop; all do, at the same step.
    std::atomic<int> asked = 0;
    const Run cut = trained(world, first, options, run,
                            [&, last = first - 1](int64_t rank) { return rank == last && ++asked == 5; });
    REQUIRE(cut.state.step > 0);
    REQUIRE(cut.state.step < options.steps);
    const Run rest = trained(world, second, options, run);
    CHECK(rest.weights == whole.weights);
    CHECK(rest.moments == whole.moments);
    CHECK(rest.state == whole.state);
  }
}

TEST_CASE("ranks: when one fails, the first saves the step before, and the run goes on from there",
          "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  const TrainerOptions options = options_of(world);
  const Run whole = trained(world, 1, options, folder / "whole");
  std::atomic<int> asked = 0;
  CHECK_THROWS_WITH(trained(world, 2, options, folder / "run",
                            [&](int64_t rank) {
                              if (rank == 1 && ++asked == 6) fail<IoError>("the disk of rank 1 is gone");
                              return false;
                            }),
                    "the disk of rank 1 is gone");
  const std::optional<std::filesystem::path> left = newest_checkpoint(folder / "run");
  REQUIRE(left.has_value());
  CHECK(step_of_checkpoint(*left) > 0);
  CHECK(step_of_checkpoint(*left) < options.steps);
  const Run rest = trained(world, 2, options, folder / "run");
  CHECK(rest.weights == whole.weights);
}

TEST_CASE("ranks: a loss that is no number stops all of them, with one sentence", "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = options_of(world);
  options.learning_rate = 1e30;
  options.warmup = 0;
  std::string said;
  try {
    trained(world, 2, options, folder / "run");
  } catch (const Error& error) {
    said = error.what();
  }
  CHECK(said.starts_with("training broke at step "));
}

TEST_CASE("ranks: shards that the ranks cannot share, and steps that cannot be cut, are refused", "[ranks]") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = options_of(world);
  options.shards = 2;
  CHECK_THROWS_WITH(trained(world, 4, options, folder / "a"),
                    "2 shards cannot be shared out to 4 ranks; take a multiple of the ranks");
  options.shards = 16;
  CHECK_THROWS_WITH(trained(world, 1, options, folder / "b"),
                    "a step of 8 rows cannot be cut into 16 shards; take larger batches or fewer shards");
}

TEST_CASE("ranks: an evaluation is shared out, with the figures of one rank", "[ranks]") {
  const World world;
  const BertForPreTraining model = world.model();
  const MaskingVocabulary pieces = MaskingVocabulary::of(world.tokenizer);
  const BigramBaseline baseline(world.training->corpus(), pieces);
  const Evaluation alone = evaluate(model, *world.held_out, {.batch_rows = 3}, &baseline);
  REQUIRE(alone.bigram->positions > 0);
  std::mutex mutex;
  for (const int64_t ranks : {2, 4}) {
    std::vector<int> calls(static_cast<size_t>(ranks));
    run_ranks(ranks, [&](parallel::World& all) {
      const BertForPreTraining own = world.model();
      const Evaluation e = evaluate(
          own, *world.held_out,
          {.batch_rows = 3, .before_batch = [&] { ++calls[static_cast<size_t>(all.rank())]; }, .world = &all},
          &baseline);
      const std::scoped_lock lock(mutex);
      CHECK(e.mlm_loss_sum == alone.mlm_loss_sum);
      CHECK(e.nsp_loss_sum == alone.nsp_loss_sum);
      CHECK(e.positions == alone.positions);
      CHECK(e.mlm_right == alone.mlm_right);
      CHECK(e.pairs == alone.pairs);
      CHECK(e.nsp_right == alone.nsp_right);
      CHECK(e.bigram->loss == alone.bigram->loss);
      CHECK(e.bigram->right == alone.bigram->right);
      CHECK(e.unigram->loss == alone.unigram->loss);
    });
    CHECK(calls == std::vector<int>(static_cast<size_t>(ranks), calls[0]));  // all alike
  }
}

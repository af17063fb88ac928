// What the loop does for every learner, with one whose scores are written down beforehand.
#include "bert/training/training_loop.hpp"

#include <vector>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;

namespace {

using World = test::World;

/// Learns as pretraining does, and is scored as `scores` say, one evaluation after the other.
class Scripted : public PretrainingLearner {
 public:
  Scripted(const World& world, const TrainerOptions& options, std::vector<double> scores)
      : PretrainingLearner(world.model(), world.tokenizer, world.training, world.held_out, options),
        scores_(std::move(scores)) {}

  double evaluate(int64_t, parallel::World&, const std::function<void()>&) override {
    return scores_.at(asked_++);
  }

 private:
  std::vector<double> scores_;
  size_t asked_ = 0;
};

}  // namespace

TEST_CASE("training loop: it ends when its patience is over, and leaves the best model") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(20);
  options.evaluations = 10;  // after 0, 2, 4 ... steps
  options.patience = 2;
  options.ends_with_best = true;
  Scripted learner(world, options, {9, 5, 6, 4, 7, 4, 3});
  std::vector<int64_t> evaluated;
  LoopEvents events;
  events.evaluation = [&](const LoopReport& r) { evaluated.push_back(r.step); };
  TrainingLoop loop(learner, options, folder / "run", events);
  CHECK(loop.run() == TrainingEnd::finished);
  // 5 is the best, then 4, and then 7 and a 4 that is no better; the last evaluation says 3.
  CHECK(evaluated == std::vector<int64_t>{0, 2, 4, 6, 8, 10, 10});
  CHECK(loop.is_done());
  CHECK(loop.state().step == 10);
  CHECK(loop.state().best_step == 10);

  Scripted other(world, options, {9, 5, 6, 4, 7, 4, 8});
  TrainingLoop again(other, options, folder / "other");
  again.run();
  CHECK(again.state().best_step == 6);
  const std::string left = read_file(folder / "other/model.safetensors");
  CHECK(left == read_file(folder / "other/checkpoints/step-6/model.safetensors"));
  CHECK(left != read_file(folder / "other/checkpoints/step-10/model.safetensors"));
}

TEST_CASE("training loop: a run that patience ended is done when it is resumed") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(20);
  options.evaluations = 10;
  options.patience = 1;
  Scripted learner(world, options, {9, 5, 6, 7});
  TrainingLoop loop(learner, options, folder / "run");
  loop.run();
  REQUIRE(loop.state().step == 4);
  Scripted same(world, options, {});
  TrainingLoop resumed(same, options, folder / "run");
  REQUIRE(resumed.resume());
  CHECK(resumed.is_done());
  CHECK(resumed.state().step == 4);
  CHECK(resumed.state().best_step == 2);
}

TEST_CASE("training loop: a model whose decoder is not tied is resumed") {
  World world;
  world.config.tie_word_embeddings = false;
  const TemporaryFolder folder;
  const TrainerOptions options = world.even_steps(2);
  PretrainingLearner learner(world.model(), world.tokenizer, world.training, nullptr, options);
  TrainingLoop(learner, options, folder / "run").run();
  PretrainingLearner fresh(world.model(), world.tokenizer, world.training, nullptr, options);
  TrainingLoop loop(fresh, options, folder / "run");
  REQUIRE(loop.resume());
  CHECK(fresh.model().state_dict().at("cls.predictions.decoder.weight").to_vector<float>() ==
        learner.model().state_dict().at("cls.predictions.decoder.weight").to_vector<float>());
}

TEST_CASE("training loop: patience below 0 is refused") {
  LoopOptions options;
  options.steps = 1;
  options.patience = -1;
  CHECK_THROWS_WITH(check(options), "patience is -1, and must be a number from 0 on");
}

// The course of a run: which rows its steps read, by which optimiser, and when it evaluates and saves.
#include <memory>

#include "bert/training/checkpoint_folder.hpp"
#include "bert/training/course.hpp"
#include "nn/optimizers/muon.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;

namespace {

/// How many of the first `rows` rows say something about the next sentence.
int64_t pairs_in(const EpochPlan& plan, int64_t rows) {
  const auto first = plan.examples.begin();
  return std::count_if(first, first + rows,
                       [](const ExamplePlan& row) { return row.next_sentence_label != no_label; });
}

int64_t pairs_of(const Evaluation& evaluation) { return evaluation.pairs[0] + evaluation.pairs[1]; }

std::unique_ptr<nn::Optimizer> optimizer_of(const std::string& name, const nn::Module& model) {
  const nn::AdamOptions adam{.lr = 0.01, .weight_decay = 0.1};
  if (name == "adam") return std::make_unique<nn::Adam>(model, adam);
  if (name == "adamw") return std::make_unique<nn::AdamW>(model, adam);
  if (name == "bert-adam") return std::make_unique<nn::BertAdam>(model, adam);
  if (name == "muon")
    return std::make_unique<nn::Muon>(model, nn::MuonOptions{.lr = 0.01, .weight_decay = 0.1});
  return std::make_unique<nn::Sgd>(model, nn::SgdOptions{.lr = 0.01, .momentum = 0.9, .weight_decay = 0.1});
}

}  // namespace

TEST_CASE("trainer: a run reads every row of an epoch once, and then those of the next") {
  const World world;
  const TemporaryFolder folder;
  const int64_t size = world.training->plan_epoch(0, 32).size();
  const TrainerOptions options = world.even_steps((size + 3) / 4 + 2);
  int64_t slots = 0, tokens = 0;
  for (const int64_t epoch : {0, 1}) {
    const EpochPlan plan = world.training->plan_epoch(epoch, 32);
    for (int64_t row = 0; row < (epoch == 0 ? size : 8); row += 4) {
      const PretrainingBatch batch = world.training->batch(plan, row, 4);
      slots += batch.rows * batch.length;
    }
    for (int64_t row = 0; row < (epoch == 0 ? size : 8); ++row) {
      const ExamplePlan& example = plan.examples[static_cast<size_t>(row)];
      tokens += example.a_end - example.a_begin + example.b_end - example.b_begin;
    }
  }
  Trainer trainer(world.model_without_dropout(), world.tokenizer, world.training, nullptr, options,
                  folder / "run");
  trainer.run();
  CHECK(trainer.state().epoch == 1);
  CHECK(trainer.state().index == 8);
  CHECK(trainer.state().slots == slots);
  CHECK(trainer.state().tokens == tokens);
  CHECK(tokens < slots - 3 * (size + 8));  // some rows are padded
}

TEST_CASE("trainer: rows become longer at the shares of the run that the stages name") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(8);
  options.lengths = {{0.25, 16}, {0.5, 24}, {1, 32}};
  std::vector<int64_t> lengths;
  const Trainer* running = nullptr;
  TrainerEvents events;
  events.step = [&](const StepReport&) { lengths.push_back(running->state().length); };
  Trainer trainer(world.model_without_dropout(), world.tokenizer, world.training, nullptr, options,
                  folder / "run", events);
  running = &trainer;
  trainer.run();
  CHECK(lengths == std::vector<int64_t>{16, 16, 24, 24, 32, 32, 32, 32});
  CHECK(trainer.state().epoch == 2);  // each length begins another epoch, with its own pairs and masks
}

TEST_CASE("trainer: batches grow in a line up to the share of the run that is asked for") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(8);
  options.first_slots = 32;
  options.ramp = 0.5;
  std::vector<int64_t> rows;
  const Trainer* running = nullptr;
  int64_t read = 0;
  TrainerEvents events;
  events.step = [&](const StepReport&) {
    rows.push_back(running->state().index - read);
    read = running->state().index;
  };
  Trainer trainer(world.model_without_dropout(), world.tokenizer, world.training, nullptr, options,
                  folder / "run", events);
  running = &trainer;
  trainer.run();
  // 32, 56, 80, 104 and then 128 slots, of rows of 32
  CHECK(rows == std::vector<int64_t>{1, 1, 2, 3, 4, 4, 4, 4});
  options.first_slots = 129;
  CHECK_THROWS_WITH(
      Trainer(world.model(), world.tokenizer, world.training, nullptr, options, folder / "other"),
      "batches begin with 129 slots, and must begin with at most the 128 of the others");
}

TEST_CASE("course: what is masked goes in a line from the first share to the last") {
  TrainerOptions options;
  options.steps = 10;
  TrainingState state;
  state.step = 5;
  CHECK(masked_fraction(options, state, 0.15) == 0.15);
  options.masked_at_end = 0.1;
  CHECK(masked_fraction(options, state, 0.4) == Approx(0.25));
  state.step = 0;
  CHECK(masked_fraction(options, state, 0.4) == 0.4);
  state.step = 10;
  CHECK(masked_fraction(options, state, 0.4) == Approx(0.1));
}

TEST_CASE("trainer: the share that is masked falls along the run") {
  const World world;
  const TemporaryFolder folder;
  const EpochPlan plan = world.training->plan_epoch(0, 32);
  TrainerOptions options = world.even_steps(2);
  options.masked_at_end = 0.9;
  const BertForPreTraining trained = world.model_without_dropout(), by_hand = world.model_without_dropout();
  Trainer(trained, world.tokenizer, world.training, nullptr, options, folder / "run").run();
  nn::AdamW optimizer(by_hand, {.lr = options.learning_rate, .weight_decay = options.weight_decay});
  for (int64_t step = 0; step < 2; ++step) {
    optimizer.zero_grad();
    // 0.15 at the beginning, and halfway from there to 0.9 at the second step of two
    by_hand.loss(world.training->batch(plan, 4 * step, 4, step == 0 ? 0.15 : 0.525)).loss.backward();
    optimizer.step();
  }
  const std::vector<Tensor> x = trained.parameters(), y = by_hand.parameters();
  double most = 0;
  for (size_t i = 0; i < x.size(); ++i) most = std::max(most, max(abs((x[i] - y[i]).detach())).item());
  CHECK(most < 1e-5);
}

TEST_CASE("trainer: without biases those of the encoder stay 0, and all else learns") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(3);
  options.train_biases = false;
  const BertForPreTraining model = world.model_without_dropout(), fresh = world.model_without_dropout();
  Trainer(model, world.tokenizer, world.training, nullptr, options, folder / "run").run();
  const auto after = model.named_parameters(), before = fresh.named_parameters();
  for (size_t i = 0; i < after.size(); ++i) {
    INFO(after[i].first);
    const bool stays = after[i].first.starts_with("bert.encoder.") && after[i].first.ends_with("bias");
    CHECK((after[i].second.to_vector<float>() == before[i].second.to_vector<float>()) == stays);
    if (stays) CHECK(max(abs(after[i].second.detach())).item() == 0);
  }
}

TEST_CASE("trainer: every optimiser does what the one of its name in nn does by hand") {
  const World world;
  const EpochPlan plan = world.training->plan_epoch(0, 32);
  for (const std::string name : {"adamw", "bert-adam", "adam", "muon", "sgd"}) {
    INFO(name);
    const TemporaryFolder folder;
    TrainerOptions options = world.even_steps(3);
    options.optimizer = name;
    options.learning_rate = 0.01;
    options.weight_decay = 0.1;
    const BertForPreTraining trained = world.model_without_dropout(), by_hand = world.model_without_dropout();
    Trainer(trained, world.tokenizer, world.training, nullptr, options, folder / "run").run();

    const std::unique_ptr<nn::Optimizer> optimizer = optimizer_of(name, by_hand);
    for (int64_t step = 0; step < 3; ++step) {
      optimizer->zero_grad();
      by_hand.loss(world.training->batch(plan, 4 * step, 4)).loss.backward();
      optimizer->step();
    }
    const std::vector<Tensor> x = trained.parameters(), y = by_hand.parameters();
    double most = 0;
    for (size_t i = 0; i < x.size(); ++i) most = std::max(most, max(abs((x[i] - y[i]).detach())).item());
    CHECK(most < 1e-5);
  }
}

TEST_CASE("trainer: evaluations along the way take the rows asked for, and the last takes all") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(4);
  options.evaluations = 2;
  options.evaluation_rows = 5;
  std::vector<int64_t> pairs;
  TrainerEvents events;
  events.evaluation = [&](const StepReport&, const Evaluation& e) { pairs.push_back(pairs_of(e)); };
  Trainer(world.model_without_dropout(), world.tokenizer, world.training, world.held_out, options,
          folder / "run", events)
      .run();
  const EpochPlan plan = world.held_out->plan_epoch(0, 32);
  const int64_t some = pairs_in(plan, 5), all = pairs_in(plan, plan.size());
  REQUIRE(some < all);
  CHECK(pairs == std::vector<int64_t>{some, some, all});
}

TEST_CASE("trainer: a checkpoint is written after every save_steps steps, and at the end") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.even_steps(8);
  options.save_steps = 3;
  std::vector<int64_t> saved;
  TrainerEvents events;
  events.saved = [&](const std::filesystem::path& place) { saved.push_back(step_of_checkpoint(place)); };
  Trainer(world.model_without_dropout(), world.tokenizer, world.training, nullptr, options, folder / "run",
          events)
      .run();
  CHECK(saved == std::vector<int64_t>{3, 6, 8});
}

TEST_CASE("trainer: a wish to stop after a step ends the run there") {
  const World world;
  const TemporaryFolder folder;
  const Trainer* running = nullptr;
  TrainerEvents events;
  events.stop = [&] { return running->state().step == 3; };
  Trainer trainer(world.model_without_dropout(), world.tokenizer, world.training, nullptr,
                  world.even_steps(6), folder / "run", events);
  running = &trainer;
  CHECK(trainer.run() == TrainingEnd::interrupted);
  CHECK(trainer.state().step == 3);
}

TEST_CASE("evaluation: reads the rows asked for, whatever fits a batch, with the masks of its epoch") {
  const World world;
  const BertForPreTraining model = world.model_without_dropout();
  const EpochPlan plan = world.held_out->plan_epoch(0, 32);
  REQUIRE(plan.size() > 8);
  for (const int64_t rows : {3, 5, 8}) {
    const Evaluation e = evaluate(model, *world.held_out, {.rows = rows, .batch_rows = 4, .length = 32});
    CHECK(pairs_of(e) == pairs_in(plan, rows));
    CHECK(e.positions == static_cast<int64_t>(world.held_out->batch(plan, 0, rows).masked_labels.size()));
  }
  const Evaluation first = evaluate(model, *world.held_out, {.length = 32});
  const Evaluation second = evaluate(model, *world.held_out, {.length = 32, .epoch = 1});
  CHECK(first.mlm_loss_sum != second.mlm_loss_sum);
}

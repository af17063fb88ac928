// What a step of training does: how its batches weigh, what clipping bounds, what dropout draws, and which
// checkpoint counts as the best.
#include <cmath>
#include <set>

#include "autograd/file.hpp"
#include "bert/training/checkpoint_folder.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;

namespace {

/// Documents of two sentences whose lengths differ by far, so that rows hold 1 to 4 masked positions.
std::shared_ptr<const PretrainingData> uneven_data(const World& world) {
  Rng rng(5);
  std::string text;
  for (int document = 0; document < 60; ++document) {
    for (int sentence = 0; sentence < 2; ++sentence) {
      const int64_t words = rng.chance(0.5) ? 2 : 12;
      for (int64_t i = 0; i < words; ++i) text += rng.chance(0.5) ? "tom " : "dog ";
      text += ".\n";
    }
    text += "\n";
  }
  const auto corpus =
      std::make_shared<const TokenizedCorpus>(tokenize_corpus(text, "uneven", world.tokenizer));
  return std::make_shared<const PretrainingData>(
      corpus, MaskingVocabulary::of(world.tokenizer),
      PretrainingOptions{.max_length = 32, .short_sequence_probability = 0});
}

/// Gradient descent without anything that makes two runs differ but the batches.
TrainerOptions plain_steps(const World& world, int64_t steps) {
  TrainerOptions options = world.even_steps(steps);
  options.optimizer = "sgd";
  options.learning_rate = 0.1;
  options.weight_decay = 0;
  return options;
}

std::vector<StepReport> reports_of(const BertForPreTraining& model, const World& world,
                                   const std::shared_ptr<const PretrainingData>& data,
                                   const TrainerOptions& options) {
  const TemporaryFolder folder;
  std::vector<StepReport> reports;
  TrainerEvents events;
  events.step = [&](const StepReport& report) { reports.push_back(report); };
  Trainer(model, world.tokenizer, data, nullptr, options, folder / "run", events).run();
  return reports;
}

/// The Euclidean distance of two models' parameters.
double distance(const nn::Module& a, const nn::Module& b) {
  double squares = 0;
  const std::vector<Tensor> x = a.parameters(), y = b.parameters();
  for (size_t i = 0; i < x.size(); ++i) {
    const Tensor difference = (x[i] - y[i]).detach();
    squares += sum(difference * difference).item();
  }
  return std::sqrt(squares);
}

}  // namespace

TEST_CASE("trainer: a step of many small batches is the step of one large batch with the same rows") {
  const World world;
  const auto data = uneven_data(world);
  TrainerOptions options = plain_steps(world, 3);
  const BertForPreTraining at_once = world.model_without_dropout(),
                           row_by_row = world.model_without_dropout();
  options.slots = 8 * 32;
  const std::vector<StepReport> expected = reports_of(at_once, world, data, options);
  options.slots = 32;
  options.accumulate = 8;
  const std::vector<StepReport> reports = reports_of(row_by_row, world, data, options);

  // The rows do differ: a mean of the rows' means would be another number.
  const EpochPlan plan = data->plan_epoch(0, 32);
  std::set<size_t> counts;
  for (int64_t row = 0; row < 8; ++row) counts.insert(data->batch(plan, row, 1).masked_labels.size());
  REQUIRE(counts.size() > 1);
  REQUIRE(reports.size() == 3);
  for (size_t i = 0; i < reports.size(); ++i) {
    INFO("step " << i + 1);
    CHECK(reports[i].gradient_norm == Approx(expected[i].gradient_norm).epsilon(1e-4));
    CHECK(reports[i].mlm_loss == Approx(expected[i].mlm_loss).epsilon(1e-5));
    CHECK(reports[i].nsp_loss == Approx(expected[i].nsp_loss).epsilon(1e-5));
    CHECK(reports[i].loss == Approx(expected[i].loss).epsilon(1e-5));
    CHECK(reports[i].mlm_accuracy == Approx(expected[i].mlm_accuracy));
    CHECK(reports[i].nsp_accuracy == Approx(expected[i].nsp_accuracy));
  }
  CHECK(distance(at_once, row_by_row) < 1e-4 * distance(at_once, world.model_without_dropout()));
}

TEST_CASE("trainer: clipping bounds the length of the step, and leaves a shorter one alone") {
  const World world;
  TrainerOptions options = plain_steps(world, 1);
  const auto step_length = [&](double clip) {
    options.clip = clip;
    const BertForPreTraining model = world.model_without_dropout();
    const double norm = reports_of(model, world, world.training, options).at(0).gradient_norm;
    return std::pair(distance(model, world.model_without_dropout()), norm);
  };
  const auto [free, norm] = step_length(1e9);
  CHECK(free == Approx(0.1 * norm).epsilon(1e-3));
  const auto [bound, same_norm] = step_length(norm / 8);
  CHECK(bound == Approx(0.1 * norm / 8).epsilon(1e-3));
  CHECK(same_norm == Approx(norm));  // what is reported is the norm before
}

TEST_CASE("trainer: dropout draws another mask each step") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.steps = 4;
  options.report_every = 1;
  std::set<double> next;  // what dropout would draw after each step
  TrainerEvents events;
  events.step = [&](const StepReport&) { next.insert(Rng(default_rng()).uniform()); };
  Trainer(world.model(), world.tokenizer, world.training, nullptr, options, folder / "run", events).run();
  CHECK(next.size() == 4);
}

TEST_CASE("trainer: the best step has the lowest held-out loss, and its checkpoint outlives later ones") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  // The rate rises until it wrecks the model, so the best evaluation is an early one.
  options.warmup = options.steps;
  options.learning_rate = 1;
  options.evaluations = 8;
  options.save_steps = 2;
  options.keep = 1;
  std::vector<std::pair<double, int64_t>> losses;
  TrainerEvents events;
  events.evaluation = [&](const StepReport& report, const Evaluation& evaluation) {
    if (report.step > 0 && report.step < options.steps) losses.emplace_back(evaluation.loss(), report.step);
  };
  Trainer trainer(world.model(), world.tokenizer, world.training, world.held_out, options, folder / "run",
                  events);
  trainer.run();
  const auto [best_loss, best_step] = *std::min_element(losses.begin(), losses.end());
  REQUIRE(best_step <= options.steps / 2);
  CHECK(trainer.state().best_step == best_step);
  CHECK(trainer.state().best_loss == best_loss);
  std::set<int64_t> kept;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "run" / "checkpoints"))
    kept.insert(step_of_checkpoint(entry.path()));
  CHECK(kept == std::set<int64_t>{best_step, options.steps});
}

TEST_CASE("evaluation: the accuracy of a class counts its own pairs only") {
  const World world;
  const BertForPreTraining model = world.model();
  {
    const NoGrad no_grad;
    Tensor(model.cls.seq_relationship.weight).fill_(0);
    Tensor(model.cls.seq_relationship.bias).copy_(tensor<float>({1, -1}));  // "it follows", always
  }
  const Evaluation e = evaluate(model, *world.held_out);
  REQUIRE(e.pairs[0] > 0);
  REQUIRE(e.pairs[1] > 0);
  CHECK(e.nsp_accuracy_of(0) == 1);
  CHECK(e.nsp_accuracy_of(1) == 0);
  CHECK(e.nsp_accuracy() ==
        Approx(static_cast<double>(e.pairs[0]) / static_cast<double>(e.pairs[0] + e.pairs[1])));
}

TEST_CASE("trainer: a wish to stop is heeded between the batches of a step, which is made again") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.steps = 3;
  options.accumulate = 6;
  const auto result_of = [&](const std::string& run) {
    return read_file(*newest_checkpoint(folder / run) / "model.safetensors");
  };
  Trainer(world.model(), world.tokenizer, world.training, nullptr, options, folder / "whole").run();

  int asked = 0;
  TrainerEvents events;
  events.stop = [&] { return ++asked == 16; };  // five times in each step, and once after it
  Trainer cut(world.model(), world.tokenizer, world.training, nullptr, options, folder / "cut", events);
  CHECK(cut.run() == TrainingEnd::interrupted);
  CHECK(asked == 16);
  CHECK(cut.state().step == 2);
  Trainer second(world.model(), world.tokenizer, world.training, nullptr, options, folder / "cut");
  REQUIRE(second.resume());
  CHECK(second.state() == cut.state());
  CHECK(second.run() == TrainingEnd::finished);
  CHECK(result_of("cut") == result_of("whole"));
}

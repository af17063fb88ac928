// How long the rest takes: from the latest work, not from the first seconds.
#include "bert/training/pace.hpp"

#include "bert/training/trainer.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using namespace gradus::test;

TEST_CASE("pace: an even pace is told at once, a slow beginning is forgotten") {
  Pace even;
  CHECK(even.seconds_for(1) == 0);
  even.add(0.01, 0.6);
  CHECK(even.seconds_for(0.99) == Approx(59.4));
  Pace slow;
  for (int i = 0; i < 20; ++i) slow.add(0.001, 1);     // the machine was busy
  for (int i = 0; i < 250; ++i) slow.add(0.001, 0.1);  // and is not any more
  const double left = 1 - 0.27;
  CHECK(slow.seconds_for(left) == Approx(73).epsilon(0.05));  // what it will take
  CHECK(45.0 / 0.27 * left == Approx(122).epsilon(0.01));     // what the mean so far would say
}

TEST_CASE("trainer: the time left counts the evaluations to come, and a run by the clock ends by it") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.steps = 0;
  options.minutes = 0.05;
  options.report_every = 1;
  options.evaluations = 2;
  double with = 0, without = 0, most_without = 0;
  for (const bool evaluates : {false, true}) {
    TrainerEvents events;
    events.step = [&](const StepReport& r) {
      const double of_steps = 60 * options.minutes - r.seconds;
      if (!evaluates) most_without = std::max(most_without, std::abs(r.seconds_left - of_steps));
      (evaluates ? with : without) = r.seconds_left - of_steps;
      if (evaluates && r.progress < 1) CHECK(r.seconds_left > of_steps);
    };
    Trainer trainer(world.model(), world.tokenizer, world.training, evaluates ? world.held_out : nullptr,
                    options, folder / (evaluates ? "evaluates" : "does not"), events);
    CHECK(trainer.run() == TrainingEnd::finished);
  }
  CHECK(most_without < 0.5);  // the last step may end a little late
  CHECK(with > 0);            // the last evaluation is still to come
}

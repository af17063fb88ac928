// Training runs: they resume bit for bit, do not depend on threads, and say what broke.
#include "bert/training/trainer.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "autograd/file.hpp"
#include "autograd/threads.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/fill_mask.hpp"
#include "bert/training/training_samples.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;

namespace {

/// The bytes of the weights and moments that a finished run left.
std::string result_of(const std::filesystem::path& run) {
  const std::filesystem::path last = *newest_checkpoint(run);
  return read_file(last / "model.safetensors") + read_file(last / "optimizer.safetensors");
}

}  // namespace

TEST_CASE("trainer: a run that is stopped and resumed ends with the same bits, wherever it was cut") {
  const World world;
  const TemporaryFolder folder;
  Trainer whole(world.model(), world.tokenizer, world.training, world.held_out, world.options(),
                folder / "whole");
  CHECK(whole.run() == TrainingEnd::finished);
  const std::string expected = result_of(folder / "whole");

  const int64_t cut = GENERATE(1, 5, 12, 13, 23);  // 12 is where the rows become longer
  TrainerEvents events;
  const Trainer* running = nullptr;
  events.stop = [&] { return running->state().step == cut; };
  Trainer first(world.model(), world.tokenizer, world.training, world.held_out, world.options(),
                folder / "cut", events);
  running = &first;
  CHECK(first.run() == TrainingEnd::interrupted);
  CHECK(first.state().step == cut);

  Rng other(99);  // whatever a fresh model holds is replaced
  Trainer second(BertForPreTraining(world.config, other), world.tokenizer, world.training, world.held_out,
                 world.options(), folder / "cut");
  REQUIRE(second.resume());
  CHECK(second.state() == first.state());
  CHECK(second.run() == TrainingEnd::finished);
  CHECK(result_of(folder / "cut") == expected);
}

TEST_CASE("trainer: so does one whose batches grow, whose rows are packed and whose masks become fewer") {
  World world;
  world.training = world.data(40, false, {.max_length = 32, .masked_fraction = 0.4, .pack = true});
  TrainerOptions options = world.options();
  options.first_slots = 64;
  options.masked_at_end = 0.15;
  options.optimizer = "muon";
  options.train_biases = false;
  const TemporaryFolder folder;
  Trainer whole(world.model(), world.tokenizer, world.training, nullptr, options, folder / "whole");
  whole.run();
  TrainerEvents events;
  const Trainer* running = nullptr;
  events.stop = [&] { return running->state().step == 5; };
  Trainer first(world.model(), world.tokenizer, world.training, nullptr, options, folder / "cut", events);
  running = &first;
  CHECK(first.run() == TrainingEnd::interrupted);
  Trainer second(world.model(), world.tokenizer, world.training, nullptr, options, folder / "cut");
  REQUIRE(second.resume());
  CHECK(second.run() == TrainingEnd::finished);
  CHECK(result_of(folder / "cut") == result_of(folder / "whole"));
}

TEST_CASE("trainer: an evaluation that is stopped is made when the run goes on") {
  const World world;
  const TemporaryFolder folder;
  const int64_t cut = GENERATE(0, 12, 24);  // at the start, along the way, at the end
  const Trainer* running = nullptr;
  bool stops = true;
  std::vector<int64_t> evaluated;
  TrainerEvents events;
  events.evaluation = [&](const StepReport& report, const Evaluation&) { evaluated.push_back(report.step); };
  events.stop = [&] { return stops && running->state().step == cut; };
  Trainer first(world.model(), world.tokenizer, world.training, world.held_out, world.options(),
                folder / "run", events);
  running = &first;
  CHECK(first.run() == TrainingEnd::interrupted);
  CHECK(first.state().step == cut);
  CHECK(first.state().must_evaluate);
  stops = false;
  Trainer second(world.model(), world.tokenizer, world.training, world.held_out, world.options(),
                 folder / "run", events);
  REQUIRE(second.resume());
  CHECK(second.run() == TrainingEnd::finished);
  CHECK(evaluated == std::vector<int64_t>{0, 12, 24});
}

TEST_CASE("trainer: one thread and two give the same bits") {
  const World world;
  const TemporaryFolder folder;
  const int before = num_threads();
  for (const int threads : {1, 2}) {
    set_num_threads(threads);
    Trainer trainer(world.model(), world.tokenizer, world.training, nullptr, world.options(),
                    folder / std::to_string(threads));
    trainer.run();
  }
  set_num_threads(before);
  CHECK(result_of(folder / "1") == result_of(folder / "2"));
}

TEST_CASE("trainer: a finished run is a folder with a model, and only the newest checkpoints and the best") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.save_steps = 3;
  options.keep = 2;
  Trainer trainer(world.model(), world.tokenizer, world.training, world.held_out, options, folder / "run");
  trainer.run();
  int64_t kept = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "run" / "checkpoints")) {
    CHECK(step_of_checkpoint(entry.path()) > 0);
    ++kept;
  }
  CHECK(kept <= 3);
  CHECK(trainer.state().best_step > 0);
  CHECK(step_of_checkpoint(*newest_checkpoint(folder / "run")) == options.steps);
  const auto loaded = load_for_pretraining(folder / "run");
  CHECK(loaded.warnings.empty());
  const FilledText filled = fill_mask(loaded.model, world.tokenizer, "tom was in the [MASK].", 3);
  CHECK(filled.masks.size() == 1);
  CHECK(filled.masks[0].candidates.size() == 3);
}

TEST_CASE("trainer: other settings cannot resume a run") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.steps = 2;
  Trainer(world.model(), world.tokenizer, world.training, nullptr, options, folder / "run").run();
  options.settings = "other";
  Trainer other(world.model(), world.tokenizer, world.training, nullptr, options, folder / "run");
  CHECK_THROWS_WITH(other.resume(),
                    (folder / "run").string() +
                        ": this run was begun with other settings (test); resume it with those, not "
                        "with (other)");
  Trainer none(world.model(), world.tokenizer, world.training, nullptr, options, folder / "none");
  CHECK(!none.resume());
}

TEST_CASE("trainer: a loss that is not finite stops the run and names the op and its place in the model") {
  const World world;
  const TemporaryFolder folder;
  const BertForPreTraining model = world.model();
  {
    const NoGrad no_grad;
    Tensor weight = model.bert.encoder.layers[0].feed_forward.first.weight;
    weight.fill_(std::numeric_limits<double>::infinity());
  }
  Trainer trainer(model, world.tokenizer, world.training, nullptr, world.options(), folder / "run");
  std::string message;
  try {
    trainer.run();
  } catch (const Error& error) {
    message = error.what();
  }
  INFO(message);
  CHECK(message.starts_with("training broke at step 1: linear: the output has "));
  CHECK(message.ends_with(" (in bert.encoder.layer.0.intermediate.dense); try a smaller learning rate"));
}

TEST_CASE("trainer: options that make no sense are refused") {
  const World world;
  const TemporaryFolder folder;
  const auto make = [&](TrainerOptions options) {
    Trainer(world.model(), world.tokenizer, world.training, nullptr, std::move(options), folder / "run");
  };
  TrainerOptions options = world.options();
  options.steps = 0;
  CHECK_THROWS_WITH(make(options), "a run needs either a number of steps or a number of minutes above 0");
  options = world.options();
  options.lengths = {{0.5, 16}};
  CHECK_THROWS_WITH(make(options), "the last stage of the row lengths must reach the end of the run");
  options.lengths = {{1, 64}};
  CHECK_THROWS_WITH(make(options), "rows of 64 slots are longer than the 32 positions of the model");
  options = world.options();
  options.optimizer = "lion";
  CHECK_THROWS_WITH(make(options),
                    "there is no optimizer 'lion'; choose adamw, bert-adam, adam, muon or sgd");
  const auto with = [&](auto member, auto value) {
    TrainerOptions wrong = world.options();
    wrong.*member = value;
    return wrong;
  };
  using O = TrainerOptions;
  const double nan = std::nan("");
  CHECK_THROWS_WITH(make(with(&O::report_every, 0)), "report_every is 0, and must be a number from 1 on");
  CHECK_THROWS_WITH(make(with(&O::keep, -1)), "keep is -1, and must be a number from 1 on");
  CHECK_THROWS_WITH(make(with(&O::warmup, -5)), "warmup is -5, and must be a number from 0 on");
  CHECK_THROWS_WITH(make(with(&O::evaluations, -3)), "evaluations is -3, and must be a number from 0 on");
  CHECK_THROWS_WITH(make(with(&O::save_steps, -1)), "save_steps is -1, and must be a number from 0 on");
  CHECK_THROWS_WITH(make(with(&O::learning_rate, nan)),
                    "learning_rate is nan, and must be a number from 0 on");
  CHECK_THROWS_WITH(make(with(&O::weight_decay, -1)), "weight_decay is -1, and must be a number from 0 on");
  CHECK_THROWS_WITH(make(with(&O::clip, -1)), "clip is -1, and must be above 0");
  CHECK_THROWS_WITH(make(with(&O::beta1, 1)), "beta1 is 1, and must be from 0 up to 1");
  CHECK_THROWS_WITH(make(with(&O::masked_at_end, 1)), "masked_at_end is 1, and must be from 0 up to 1");
  CHECK_THROWS_WITH(make(with(&O::lengths, std::vector<LengthStage>{{1, 0}})),
                    "the length of rows is 0, and must be a number from 5 on");
}

TEST_CASE("trainer: a damaged training_state.json is named") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH(training_state_from_json("[]", "x.json"), "x.json: this is not a JSON object");
  CHECK_THROWS_WITH(training_state_from_json("{\"step\": 1}", "x.json"),
                    "x.json: the key \"epoch\" is missing");
  TrainingState state;
  state.step = 7;
  state.slots = 320;
  state.tokens = 256;
  state.seconds = 0.1;
  state.best_loss = 1.0 / 3;
  state.settings = "a \"quoted\" line";
  CHECK(training_state_from_json(to_json(state), "x.json") == state);

  const auto with = [&](const std::string& key, const nlohmann::json& value) {
    nlohmann::json object = nlohmann::json::parse(to_json(state));
    object[key] = value;
    return object.dump();
  };
  // A file of a version that did not count tokens: then as if no slot was padding.
  nlohmann::json older = nlohmann::json::parse(to_json(state));
  older["slots"] = 640;
  older.erase("tokens");
  CHECK(training_state_from_json(older.dump(), "x.json").tokens == 640);
  const auto refused = [&](const std::string& key, const nlohmann::json& value, const std::string& wanted) {
    CHECK_THROWS_WITH(training_state_from_json(with(key, value), "x.json"),
                      fmt::format("x.json: the key \"{}\" is {}, but must be {}", key, value.dump(), wanted));
  };
  const std::string whole = "a whole number from 0 to 1000000000000000";
  for (const char* key : {"step", "epoch", "index", "length", "slots", "tokens"}) {
    refused(key, 3e77, whole);
    refused(key, 1.5, whole);
    refused(key, -1, whole);
    refused(key, std::numeric_limits<int64_t>::max(), whole);
    refused(key, std::numeric_limits<uint64_t>::max(), whole);
    refused(key, true, whole);
    refused(key, "7", whole);
  }
  refused("best_step", -2, "a whole number from -1 to 1000000000000000");
  refused("seconds", -1, "a number from 0 on");
  refused("seconds", "soon", "a number");
  refused("best_loss", nullptr, "a number");
  refused("must_evaluate", 1, "true or false");
  refused("seed", -3, "a whole number below 2^64");
  refused("seed", 0.5, "a whole number below 2^64");
  refused("settings", 5, "a string");
}

TEST_CASE("training samples: masks stay where they are, and every moment fills them") {
  const World world;
  TrainingSamples samples(world.held_out->corpus(), world.tokenizer, 2, 20, 1);
  const BertForPreTraining model = world.model();
  samples.observe(model, 0);
  samples.observe(model, 5);
  REQUIRE(samples.sentences().size() == 2);
  for (const SampleSentence& sentence : samples.sentences()) {
    REQUIRE(!sentence.blanks.empty());
    for (const SampleBlank& blank : sentence.blanks) {
      CHECK(sentence.pieces[blank.piece] == blank.answer);
      REQUIRE(blank.moments.size() == 2);
      CHECK(blank.moments[1].step == 5);
      CHECK(blank.moments[0].guesses.size() == 5);
    }
  }
  const AttentionPage page = samples.attention(model);
  CHECK(page.weights.size() == page.tokens.size() * page.tokens.size() * 2);
  CHECK(render_attention_page(page).find("<html") != std::string::npos);
}

TEST_CASE("training samples go on where a run goes on") {
  const World world;
  const auto fresh = [&](uint64_t seed) {
    return TrainingSamples(world.held_out->corpus(), world.tokenizer, 2, 20, seed);
  };
  TrainingSamples samples = fresh(1);
  const BertForPreTraining model = world.model();
  for (const int64_t step : {0, 5, 9}) samples.observe(model, step);
  const std::string text = samples.to_json();

  TrainingSamples resumed = fresh(1);
  resumed.restore(text, 5, "samples.json");
  REQUIRE(resumed.sentences()[1].blanks[0].moments.size() == 2);
  resumed.observe(model, 5);  // an evaluation that is made again replaces the first
  resumed.observe(model, 9);
  CHECK(resumed.to_json() == text);

  TrainingSamples other = fresh(2);  // other masks
  other.restore(text, 5, "samples.json");
  CHECK(other.sentences()[0].blanks[0].moments.empty());
  for (const std::string& bad : {std::string("{"), std::string("{\"blanks\": [1]}"), text.substr(0, 100)}) {
    CHECK_THROWS_WITH(
        resumed.restore(bad, 5, "samples.json"),
        "samples.json: these are not the samples of a run; remove the file to go on without them");
  }
  CHECK(resumed.to_json() == text);
}

TEST_CASE("training samples and evaluation put back the mode of every part") {
  const World world;
  const BertForPreTraining model = world.model();
  model.bert.encoder.eval();
  const auto same_modes = [&] { return model.is_training() && !model.bert.encoder.is_training(); };
  TrainingSamples samples(world.held_out->corpus(), world.tokenizer, 1, 20, 1);
  samples.observe(model, 0);
  CHECK(same_modes());
  samples.attention(model);
  CHECK(same_modes());
  evaluate(model, *world.held_out, {.rows = 1});
  CHECK(same_modes());
}

TEST_CASE("trainer: a run that ends within its warm-up rises all the way") {
  const World world;
  const TemporaryFolder folder;
  TrainerOptions options = world.options();
  options.steps = 3;
  options.warmup = 10;
  double last = -1;
  TrainerEvents events;
  options.report_every = 1;
  events.step = [&](const StepReport& report) { last = report.learning_rate; };
  Trainer(world.model(), world.tokenizer, world.training, nullptr, options, folder / "run", events).run();
  CHECK(last == Approx(options.learning_rate * 0.2));
}

TEST_CASE("trainer: the warm-up of a run by minutes takes at most its share of them") {
  LoopOptions by_steps{.steps = 50, .warmup = 200, .warmup_share = 0.1};
  CHECK(warmup_steps(by_steps, 50) == 200);  // a caller who knows the number of steps has chosen
  LoopOptions by_minutes{.minutes = 1, .warmup = 200};
  CHECK(warmup_steps(by_minutes, 50) == 50);
  by_minutes.warmup_share = 0.1;
  CHECK(warmup_steps(by_minutes, 50) == 5);
  CHECK(warmup_steps(by_minutes, 1999) == 199);
  CHECK(warmup_steps(by_minutes, 2001) == 200);
  CHECK(warmup_steps(by_minutes, 1e9) == 200);
}

TEST_CASE(
    "evaluation: the figures of an untrained model are those of chance, and baselines see the same "
    "positions") {
  const World world;
  const BigramBaseline baseline(world.training->corpus(), world.training->pieces());
  const Evaluation e = evaluate(world.model(), *world.held_out, {.batch_rows = 4}, &baseline);
  CHECK(e.positions > 50);
  CHECK(std::abs(e.mlm_loss() - std::log(static_cast<double>(world.tokenizer.vocab().size()))) < 0.3);
  CHECK(e.perplexity() == Approx(std::exp(e.mlm_loss())));
  REQUIRE(e.bigram.has_value());
  CHECK(e.bigram->positions == e.positions);
  CHECK(e.unigram->positions == e.positions);
  CHECK(e.bigram->accuracy() > e.unigram->accuracy());
  // The same epoch again, in other batches: the same masks, so the same figures but for rounding.
  const Evaluation again = evaluate(world.model(), *world.held_out, {.batch_rows = 7});
  CHECK(again.positions == e.positions);
  CHECK(again.mlm_loss() == Approx(e.mlm_loss()));
  CHECK(again.pairs == e.pairs);
}

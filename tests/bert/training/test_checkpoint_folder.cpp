// The checkpoints of a run: at any moment a whole one is there and is found.
#include "bert/training/checkpoint_folder.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "autograd/file.hpp"
#include "bert/training/resumable.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"
#include "support/training_world.hpp"

using namespace gradus;
using namespace gradus::bert;
using gradus::test::World;
namespace fs = std::filesystem;

namespace {

/// Writes a checkpoint of one file that holds `text`.
std::function<void(const fs::path&)> file_with(const std::string& text) {
  return [text](const fs::path& place) { write_file_atomically(place / "file", text); };
}

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return names;
}

using Names = std::set<std::string>;

}  // namespace

TEST_CASE("checkpoint folder: saves, replaces the same step, finds the newest, keeps some") {
  const TemporaryFolder run;
  const CheckpointFolder checkpoints(run.path());
  const fs::path place = run / "checkpoints";
  CHECK(checkpoints.whole().empty());
  CHECK(!newest_checkpoint(run.path()));
  CHECK(checkpoints.save(2, file_with("a")) == place / "step-2");
  checkpoints.save(10, file_with("b"));
  checkpoints.save(10, file_with("c"));
  CHECK(read_file(place / "step-10" / "file") == "c");
  CHECK(checkpoints.whole() == std::vector<fs::path>{place / "step-10", place / "step-2"});
  CHECK(*newest_checkpoint(run.path()) == place / "step-10");
  for (const char* name : {"step-10x", "step-", "step", "steps-10"})
    CHECK(step_of_checkpoint(place / name) == -1);
  for (const int64_t step : {11, 12, 13}) checkpoints.save(step, file_with("d"));
  checkpoints.keep(2, 10);
  CHECK(names_in(place) == Names{"step-10", "step-12", "step-13"});
}

TEST_CASE("checkpoint folder: what fails while it is written leaves the old one") {
  const TemporaryFolder run;
  const CheckpointFolder checkpoints(run.path());
  checkpoints.save(5, file_with("old"));
  CHECK_THROWS_WITH(checkpoints.save(5,
                                     [](const fs::path& place) {
                                       write_file_atomically(place / "file", "half");
                                       throw Error("the disk is full");
                                     }),
                    "the disk is full");
  CHECK(names_in(run / "checkpoints") == Names{"step-5"});
  CHECK(read_file(run / "checkpoints" / "step-5" / "file") == "old");
}

TEST_CASE(
    "checkpoint folder: what killed runs left is no checkpoint unless it is whole, and is cleared away") {
  const TemporaryFolder run;
  const fs::path place = run / "checkpoints";
  const CheckpointFolder checkpoints(run.path());
  checkpoints.save(3, file_with("3"));
  fs::create_directories(place / ".step-9.unfinished");
  fs::create_directories(place / ".step-8.removed");
  fs::create_directories(place / "step-x");
  CHECK(checkpoints.whole() == std::vector<fs::path>{place / "step-3"});

  // Killed between the two renames that replace a checkpoint: the old one is whole and is found.
  fs::rename(place / "step-3", place / ".step-3.replaced");
  CHECK(checkpoints.whole() == std::vector<fs::path>{place / ".step-3.replaced"});
  CHECK(step_of_checkpoint(place / ".step-3.replaced") == 3);
  CHECK(step_of_checkpoint(place / ".step-3.removed") == -1);

  // Killed after the second: the new one counts.
  fs::copy(place / ".step-3.replaced", place / "step-3");
  CHECK(checkpoints.whole() == std::vector<fs::path>{place / "step-3"});

  checkpoints.save(4, file_with("4"));
  CHECK(names_in(place) == Names{"step-3", "step-4", "step-x"});
}

TEST_CASE("resuming: a checkpoint that cannot be read is named, left alone, and the one before is taken") {
  const World world;
  const TemporaryFolder run;
  TrainerOptions options = world.options();
  options.steps = 6;
  options.save_steps = 2;
  options.keep = 10;
  const auto trainer = [&] {
    return Trainer(world.model(), world.tokenizer, world.training, nullptr, options, run.path());
  };
  CHECK(!find_resumable(run.path()));
  trainer().run();
  const fs::path last = run / "checkpoints" / "step-6", before = run / "checkpoints" / "step-4";
  CHECK(find_resumable(run.path())->checkpoint == last);
  CHECK(find_resumable(run.path())->damaged.empty());

  const std::string file = GENERATE("model.safetensors", "optimizer.safetensors", "training_state.json",
                                    "config.json", "vocab.txt");
  INFO(file);
  const std::string bytes = read_file(last / file);
  write_file_atomically(last / file, bytes.substr(0, bytes.size() / 2));
  if (file == "vocab.txt") fs::remove(last / file), fs::remove(last / "tokenizer.json");
  const auto found = find_resumable(run.path());
  REQUIRE(found);
  CHECK(found->checkpoint == before);
  CHECK(found->state.step == 4);
  REQUIRE(found->damaged.size() == 1);
  INFO(found->damaged[0]);
  CHECK(found->damaged[0].find(last.string()) != std::string::npos);
  CHECK(fs::exists(last));
  Trainer resumed = trainer();
  CHECK(resumed.resume());
  CHECK(resumed.state().step == 4);

  fs::remove(before / "training_state.json");
  fs::remove(run / "checkpoints" / "step-2" / "training_state.json");
  CHECK_THROWS_WITH(find_resumable(run.path()),
                    Catch::Matchers::StartsWith(run.path().string() + ": no checkpoint can be read: "));
}

TEST_CASE("trainer: a training_state.json that says what the run cannot have is named") {
  const World world;
  const TemporaryFolder run;
  TrainerOptions options = world.options();
  options.steps = 6;
  options.save_steps = 2;
  const auto trainer = [&] {
    return Trainer(world.model(), world.tokenizer, world.training, nullptr, options, run.path());
  };
  trainer().run();
  const fs::path state = run / "checkpoints" / "step-6" / state_file;
  const nlohmann::json good = nlohmann::json::parse(read_file(state));
  const auto complaint = [&](const std::string& key, const nlohmann::json& value, const std::string& wanted) {
    nlohmann::json bad = good;
    bad[key] = value;
    write_file_atomically(state, bad.dump());
    return fmt::format("{}: the key \"{}\" is {}, but must be {}", state.string(), key, value.dump(), wanted);
  };
  // What contradicts itself is a damaged checkpoint, and the one before is taken.
  const auto damaged = [&](const std::string& key, const nlohmann::json& value, const std::string& wanted) {
    const std::string expected = complaint(key, value, wanted);
    const auto found = find_resumable(run.path());
    CHECK(found->damaged == std::vector<std::string>{expected});
    CHECK(found->state.step == 4);
  };
  damaged("step", 5, "6 in the checkpoint of that step");
  damaged("step", 1'000'000'000'000'000, "6 in the checkpoint of that step");
  damaged("slots", 1, "at least 6");
  damaged("tokens", good["slots"].get<int64_t>() + 1,
          fmt::format("at most {}, the slots seen", good["slots"].get<int64_t>()));
  damaged("epoch", 1'000'000'000'000,
          fmt::format("at most {}, the slots seen", good["slots"].get<int64_t>()));
  damaged("best_step", 7, "at most 6");
  // What contradicts the run's options is refused.
  const auto refused = [&](const std::string& key, const nlohmann::json& value, const std::string& wanted) {
    const std::string expected = complaint(key, value, wanted);
    Trainer resumed = trainer();
    CHECK_THROWS_WITH(resumed.resume(), expected);
    CHECK(resumed.state().step == 0);
  };
  refused("seed", options.seed + 1, fmt::format("{} as the run has it", options.seed));
  refused("length", 5, "one of those that the run has");
  const int64_t rows = world.training->plan_epoch(good["epoch"], good["length"]).size();
  refused("index", rows + 1, fmt::format("at most {}, the rows of its epoch", rows));
  write_file_atomically(state, good.dump());
  CHECK(trainer().resume());
}

TEST_CASE("trainer: an evaluation is heard of before a checkpoint says that it was made") {
  const World world;
  const TemporaryFolder run;
  int64_t heard = -1;
  std::vector<int64_t> best_heard_after;
  TrainerEvents events;
  events.evaluation = [&](const StepReport& report, const Evaluation&) { heard = report.step; };
  events.saved = [&](const fs::path& checkpoint) {
    const fs::path file = checkpoint / state_file;
    const TrainingState state = training_state_from_json(read_file(file), file);
    if (state.best_step > heard) best_heard_after.push_back(state.best_step);
  };
  TrainerOptions options = world.options();
  options.evaluations = 6;
  Trainer trainer(world.model(), world.tokenizer, world.training, world.held_out, options, run.path(),
                  events);
  trainer.run();
  REQUIRE(trainer.state().best_step > 0);
  CHECK(best_heard_after.empty());
}

// gradus pretrain as a process: killed, interrupted and resumed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/file.hpp"
#include "bert/training_state.hpp"
#include "support/catch.hpp"
#include "support/run_program.hpp"
#include "support/temporary_folder.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gradus;

/// A corpus and a vocabulary in a fresh folder, and a call of pretrain that takes a second or two.
struct Run {
  TemporaryFolder folder;

  Run() {
    REQUIRE(
        run_program({GRADUS_PROGRAM, "corpus", "toy", "--out", text("toy"), "--stories", "300"}).exit_code ==
        0);
    REQUIRE(run_program(
                {GRADUS_PROGRAM, "vocab", text("toy/train.txt"), "--size", "400", "--out", text("vocab.txt")})
                .exit_code == 0);
  }

  std::string text(const std::string& name) const { return (folder / name).string(); }

  /// `more` may say an option of the call again: then it holds instead.
  std::vector<std::string> call(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {GRADUS_PROGRAM, "pretrain", text("toy/train.txt")};
    const std::vector<std::pair<std::string, std::string>> options = {
        {"--held-out", text("toy/held-out.txt")},
        {"--vocab", text("vocab.txt")},
        {"--out", text(out)},
        {"--steps", "60"},
        {"--layers", "1"},
        {"--hidden", "32"},
        {"--slots", "256"},
        {"--length", "32"},
        {"--dropout", "0.1"},
        {"--save-steps", "10"},
        {"--evaluations", "2"},
        {"--evaluation-rows", "16"},
        {"--warmup", "10"}};
    for (const auto& [name, value] : options) {
      if (std::find(more.begin(), more.end(), name) == more.end()) words.insert(words.end(), {name, value});
    }
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  std::string weights(const std::string& out) const {
    const fs::path last = *bert::newest_checkpoint(folder / out);
    return read_file(last / "model.safetensors") + read_file(last / "optimizer.safetensors");
  }
};

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) line += "'" + word + "' ";
  return line;
}

}  // namespace

TEST_CASE("pretrain: a run that was killed goes on with the same bits") {
  const Run run;
  REQUIRE(run_program(run.call("whole")).exit_code == 0);

  // Killed without warning as soon as the checkpoint of step 20 stands there.
  const std::string script =
      quoted(run.call("cut")) + " > /dev/null 2>&1 & pid=$!; while kill -0 $pid 2> /dev/null && [ ! -d '" +
      run.text("cut") + "/checkpoints/step-20' ]; do sleep 0.002; done; kill -9 $pid; wait $pid; true";
  run_program({"bash", "-c", script});
  REQUIRE(fs::exists(run.folder / "cut/checkpoints"));
  CHECK(!fs::exists(run.folder / "cut/model.safetensors"));

  const ProgramResult resumed = run_program(run.call("cut", {"--resume", "--json"}));
  INFO(resumed.errors);
  REQUIRE(resumed.exit_code == 0);
  CHECK(run.weights("cut") == run.weights("whole"));
  const auto result = nlohmann::json::parse(resumed.out);
  CHECK(result.at("steps") == 60);
  for (const char* key : {"mlm_loss", "mlm_accuracy", "nsp_loss", "nsp_accuracy", "nsp_accuracy_by_class",
                          "unigram_accuracy", "bigram_accuracy", "perplexity", "positions"}) {
    INFO(key);
    CHECK(result.contains(key));
  }
  for (const char* file : {"metrics.csv", "report.html", "attention.html", "accuracy.svg", "attention.svg"}) {
    INFO(file);
    CHECK(fs::file_size(run.folder / "cut" / file) > 100);
  }
}

TEST_CASE("pretrain: Ctrl-C saves, says how to go on, and exits with 130") {
  const Run run;
  const std::string script = "exec 2>&1; " + quoted(run.call("cut", {"--steps", "100000"})) +
                             " > /dev/null 2> '" + run.text("log") +
                             "' & pid=$!; while kill -0 $pid 2> /dev/null && [ ! -d '" + run.text("cut") +
                             "/checkpoints/step-10' ]; do sleep 0.002; done; kill -INT $pid; wait $pid";
  // A background job of a shell without job control ignores SIGINT, so job control is on.
  const ProgramResult result = run_program({"bash", "-c", "set -m; " + script});
  CHECK(result.exit_code == 130);
  const std::string log = read_file(run.folder / "log");
  INFO(log);
  CHECK(log.find("everything is saved, and --resume goes on from there") != std::string::npos);
  CHECK(fs::exists(run.folder / "cut/model.safetensors"));
  const ProgramResult filled =
      run_program({GRADUS_PROGRAM, "fill-mask", run.text("cut"), "Tom was in the [MASK].", "--json"});
  CHECK(filled.exit_code == 0);
  CHECK(nlohmann::json::parse(filled.out)["texts"][0]["masks"].size() == 1);
}

TEST_CASE("pretrain: folders and options that do not fit are refused in one sentence") {
  const Run run;
  const auto refused = [&](const ProgramResult& result, const std::string& sentence) {
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.errors == "gradus pretrain: " + sentence + "\n");
  };
  refused(run_program(run.call("new", {"--minutes", "1"})),
          "say how long to train, with either --steps or --minutes");
  refused(run_program(run.call("new", {"--resume"})),
          "--resume: there is no run in '" + run.text("new") + "'; leave --resume out to begin one");
  refused(run_program(run.call("new", {"--length", "32:0.5"})),
          "--length '32:0.5' is not of the form 64 or 32:0.5,64:0.8,128 (slots, and the share of the run up "
          "to which "
          "they hold)");
  CHECK(!fs::exists(run.folder / "new"));
  REQUIRE(run_program(run.call("done", {"--steps", "2"})).exit_code == 0);
  refused(run_program(run.call("done")),
          "--out '" + run.text("done") +
              "' holds a run already; add --resume to go on with it, or name another folder");
  const ProgramResult other = run_program(run.call("done", {"--resume", "--learning-rate", "0.5"}));
  CHECK(other.exit_code == 1);
  CHECK(other.errors.find("this run was begun with other settings (") != std::string::npos);
}

TEST_CASE("evaluate and fill-mask: what cannot be is refused in one sentence") {
  const Run run;
  REQUIRE(run_program(run.call("model", {"--steps", "2"})).exit_code == 0);
  const ProgramResult evaluated =
      run_program({GRADUS_PROGRAM, "evaluate", run.text("model"), run.text("toy/held-out.txt"), "--length",
                   "32", "--train", run.text("toy/train.txt"), "--json"});
  CHECK(evaluated.exit_code == 0);
  const auto once = nlohmann::json::parse(evaluated.out);
  CHECK(once.at("bigram_accuracy") > 0.1);
  const ProgramResult repeated =
      run_program({GRADUS_PROGRAM, "evaluate", run.text("model"), run.text("toy/held-out.txt"), "--length",
                   "32", "--train", run.text("toy/train.txt"), "--passes", "2", "--json"});
  const auto twice = nlohmann::json::parse(repeated.out);
  CHECK(twice.at("positions").get<double>() > 1.8 * once.at("positions").get<double>());
  CHECK(twice.at("pairs").get<double>() > 1.8 * once.at("pairs").get<double>());
  CHECK(twice.at("mlm_loss") != once.at("mlm_loss"));  // other masks
  const ProgramResult longer = run_program(
      {GRADUS_PROGRAM, "evaluate", run.text("model"), run.text("toy/held-out.txt"), "--length", "1000"});
  CHECK(longer.exit_code == 2);
  CHECK(longer.errors == "gradus evaluate: --length 1000 is more than the 128 positions of the model\n");
  const ProgramResult plain =
      run_program({GRADUS_PROGRAM, "fill-mask", run.text("model"), "Tom was in the barn."});
  CHECK(plain.exit_code == 1);
  CHECK(plain.errors == "gradus fill-mask: there is no [MASK] in the text to fill in\n");
}

// gradus pretrain as a process: killed, interrupted and resumed.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "autograd/file.hpp"
#include "bert/training/checkpoint_folder.hpp"
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

/// "Longer training would help: this run saw N % of its training text."
int seen_share(const std::string& text) {
  const std::string before = "Longer training would help: this run saw ";
  const size_t at = text.find(before);
  return at == std::string::npos ? -1 : std::stoi(text.substr(at + before.size()));
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
  for (const char* file : {"samples.json", "history.json"}) {
    CHECK(read_file(run.folder / "cut" / file) == read_file(run.folder / "whole" / file));
  }
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
  const ProgramResult samples = run_program({GRADUS_PROGRAM, "fill-mask", run.text("cut"), "--held-out",
                                             run.text("toy/held-out.txt"), "--samples", "2", "--json"});
  CHECK(samples.exit_code == 0);
  const auto texts = nlohmann::json::parse(samples.out)["texts"];
  REQUIRE(texts.size() == 2);
  CHECK(texts[1]["masks"][0]["answer"]["rank"] >= 1);
}

TEST_CASE("pretrain: folders and options that do not fit are refused in one sentence") {
  const Run run;
  const auto refused = [&](const ProgramResult& result, const std::string& sentence) {
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK(result.errors == "gradus pretrain: " + sentence + "\n");
  };
  refused(run_program(run.call("new", {"--minutes", "1"})),
          "--steps and --minutes both say how long to train; leave one of them out");
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
  const std::string rest = "; resume it as it was begun, or name another folder with --out";
  refused(run_program(run.call("done", {"--steps", "1", "--dropout", "0.2", "--resume"})),
          "--steps: the run has 2, not 1; --dropout: the run has 0.1, not 0.2" + rest);
  refused(
      run_program(run.call("done", {"--steps", "2", "--held-out", run.text("toy/train.txt"), "--resume"})),
      "--held-out: the run was begun with another held-out text" + rest);
  write_file_atomically(run.folder / "small.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n");
  refused(run_program(run.call("done", {"--steps", "2", "--vocab", run.text("small.txt"), "--resume"})),
          "--vocab: the run in '" + run.text("done") + "' was begun with another vocabulary than " +
              run.text("small.txt") + "; leave --vocab out to go on with that of the run");

  // A finished run is only shown, and a checkpoint of an older version, without fingerprints, goes on.
  const std::string metrics = read_file(run.folder / "done/metrics.csv");
  const fs::path state = run.folder / "done/checkpoints/step-2/training_state.json";
  std::string text = read_file(state);
  const size_t begin = text.find(", text "), end = text.find('"', begin);
  REQUIRE(begin != std::string::npos);
  write_file_atomically(state, text.erase(begin, end - begin));
  const ProgramResult again = run_program(run.call("done", {"--steps", "2", "--resume", "--json"}));
  CHECK(again.exit_code == 0);
  CHECK(again.errors == "the run is finished already; nothing is changed\n");
  CHECK(nlohmann::json::parse(again.out).at("steps") == 2);
  CHECK(read_file(run.folder / "done/metrics.csv") == metrics);
}

TEST_CASE("evaluate and fill-mask: what cannot be is refused in one sentence") {
  const Run run;
  const ProgramResult trained = run_program(run.call("model", {"--steps", "2"}));
  REQUIRE(trained.exit_code == 0);
  CHECK(seen_share(trained.out) == seen_share(read_file(run.folder / "model/report.html")));
  CHECK(seen_share(trained.out) >= 1);
  CHECK(seen_share(trained.out) <= 4);  // of 15,000 tokens, in 512 slots
  const ProgramResult evaluated =
      run_program({GRADUS_PROGRAM, "evaluate", run.text("model"), run.text("toy/held-out.txt"), "--length",
                   "32", "--train", run.text("toy/train.txt"), "--json"});
  CHECK(evaluated.exit_code == 0);
  const auto once = nlohmann::json::parse(evaluated.out);
  CHECK(once.at("bigram_accuracy") > 0.1);
  const ProgramResult told =
      run_program({GRADUS_PROGRAM, "evaluate", run.text("model"), run.text("toy/held-out.txt"), "--length",
                   "32", "--train", run.text("toy/train.txt")});
  CHECK(told.out.find("\ntwo neighbours ") != std::string::npos);
  CHECK(told.out.find("\nBelow the baseline: two neighbours get ") != std::string::npos);  // after two steps
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

TEST_CASE(
    "pretrain: a run without held-out text counts all of its steps, and another learning rate resumes it") {
  const Run run;
  write_file_atomically(run.folder / "small.txt",
                        "Tom ran.\nAmy sat.\n\nAmy ran.\nTom sat.\n\nTom sat.\nAmy ran.\n");
  const auto call = [&](const std::string& out, std::vector<std::string> more) {
    more.insert(more.begin(), {GRADUS_PROGRAM, "pretrain", run.text("small.txt"), "--steps", "19", "--layers",
                               "1", "--hidden", "32", "--slots", "64", "--length", "16", "--vocab-size", "40",
                               "--save-steps", "9", "--out", run.text(out)});
    return run_program(more);
  };
  const ProgramResult none = call("none", {"--held-out-fraction", "0", "--json"});
  CHECK(none.exit_code == 0);
  CHECK(nlohmann::json::parse(none.out).at("steps") == 19);
  const std::string metrics = read_file(run.folder / "none/metrics.csv");
  CHECK(metrics.find("\n19,train,") != std::string::npos);

  // Three documents are too few to hold some out, which is said; and no page is named that is not there.
  const ProgramResult few = call("few", {});
  CHECK(few.exit_code == 0);
  CHECK(
      few.errors.starts_with(run.text("small.txt") +
                             ": the text is too small for holding a part of it out, so nothing is evaluated; "
                             "--held-out names a text for that\n"));
  CHECK(few.out.find("attention") == std::string::npos);

  // A run goes on with the vocabulary that it has.
  const ProgramResult cased = call("few", {"--resume", "--cased"});
  CHECK(cased.exit_code == 2);
  CHECK(cased.errors == "gradus pretrain: --cased: the tokenizer in '" + run.text("few") +
                            "' makes lower case of everything\n");
  const ProgramResult smaller =
      run_program({GRADUS_PROGRAM, "pretrain", run.text("small.txt"), "--steps", "19", "--vocab-size", "15",
                   "--out", run.text("few"), "--resume"});
  CHECK(smaller.exit_code == 2);
  CHECK(smaller.errors.find("gradus pretrain: --vocab-size: the run in '" + run.text("few") + "' has ") == 0);
  CHECK(smaller.errors.find(" pieces, not 15\n") != std::string::npos);

  fs::remove_all(run.folder / "few/checkpoints/step-19");
  const ProgramResult slower = call("few", {"--resume", "--learning-rate", "0.0001"});
  CHECK(slower.exit_code == 0);
  CHECK(slower.errors.find("the run goes on with another learning rate, 0.0001\n") != std::string::npos);
  // Left out, it is as it was.
  fs::remove_all(run.folder / "few/checkpoints/step-19");
  CHECK(call("few", {"--resume", "--learning-rate", "0.0001"}).exit_code == 0);
  const std::string metrics_before = read_file(run.folder / "few/metrics.csv");
  const ProgramResult as_it_was = call("few", {"--resume"});
  CHECK(as_it_was.exit_code == 0);
  CHECK(as_it_was.errors.find("learning rate") == std::string::npos);
  CHECK(read_file(run.folder / "few/metrics.csv") == metrics_before);
}

TEST_CASE("pretrain: Ctrl-C within an evaluation stops it, and it is made when the run goes on") {
  const Run run;
  std::string text;
  for (int i = 0; i < 40; ++i) text += read_file(run.folder / "toy/train.txt") + "\n";
  write_file_atomically(run.folder / "long.txt", text);
  // No step is taken in the first evaluation, of all of a long text.
  const std::string script =
      quoted(run.call("cut",
                      {"--held-out", run.text("long.txt"), "--evaluation-rows", "1000000", "--steps", "1"})) +
      " > /dev/null 2>&1 & pid=$!; while kill -0 $pid 2> /dev/null && [ ! -f '" + run.text("cut") +
      "/metrics.csv' ]; do sleep 0.002; done; kill -INT $pid; wait $pid";
  const ProgramResult result = run_program({"bash", "-c", "set -m; " + script});
  CHECK(result.exit_code == 130);
  CHECK(fs::exists(run.folder / "cut/checkpoints/step-0"));
}

TEST_CASE("pretrain: a second run in the same folder is refused, and the lock ends with the first") {
  const Run run;
  const std::string first = quoted(run.call("out", {"--steps", "100000"}));
  const std::string again = quoted(run.call("out", {"--steps", "100000"}));
  // The first has begun when metrics.csv has a row; it is stopped without warning at the end.
  const std::string script = first + " > /dev/null 2>&1 & pid=$!; until [ -s '" +
                             run.text("out/metrics.csv") +
                             "' ] || ! kill -0 $pid 2> /dev/null; do sleep 0.01; done; " + again +
                             "; code=$?; kill -9 $pid; wait $pid 2> /dev/null; exit $code";
  const ProgramResult second = run_program({"bash", "-c", script});
  CHECK(second.exit_code == 2);
  CHECK(
      second.errors.find("gradus pretrain: --out '" + run.text("out") +
                         "': another run is at work in this folder; wait until it has ended, or name another "
                         "folder\n") != std::string::npos);
  fs::remove_all(run.folder / "out" / "checkpoints");
  CHECK(run_program(run.call("out", {"--steps", "2"})).exit_code == 0);  // nothing is left of the lock
}

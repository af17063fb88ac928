// gradus finetune and predict as processes: stopped, gone on with, swept, and refused.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/bad_input.hpp"
#include "app/program.hpp"
#include "bert/report/task_history.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

/// Texts that are "good" or "bad", and a small BERT that knows the words.
struct World {
  TemporaryFolder folder;

  World() {
    write(folder / "train.tsv", table(60));
    write(folder / "validation.tsv", table(20));
    std::filesystem::copy(std::string(GRADUS_FIXTURES) + "/bert/small", folder / "model");
  }

  static std::string table(int64_t rows) {
    std::string text = "text\tlabel\n";
    for (int64_t i = 0; i < rows; ++i)
      text += fmt::format("The {} likes to {}.\t{}\n", i % 3 == 0 ? "dog" : "cat",
                          i % 2 == 0 ? "run" : "jump", i % 2 == 0 ? "good" : "bad");
    return text;
  }

  ProgramResult call(const std::vector<std::string>& words, const std::string& input = "") const {
    return call_gradus(folder.path(), words, input);
  }
  std::vector<std::string> tuning(const std::string& out, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {
        "finetune", "classification", "model", "train.tsv", "--validation", "validation.tsv", "--out",
        out,        "--batch",        "8",     "--dropout", "0.1"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  std::string file(const std::string& name) const { return read_file(folder / name); }
};

}  // namespace

TEST_CASE("finetune: a run leaves a model, its pages and figures beside the guesses, and predict uses it") {
  const World world;
  const ProgramResult result = world.call(world.tuning("out", {"--epochs", "20", "--learning-rate", "3e-3"}));
  INFO(result.out << result.errors);
  REQUIRE(result.exit_code == 0);
  CHECK(
      result.out.find(
          "accuracy             1.000 (0.861 to 1.000)   of 20 examples; in brackets the 95 % interval\n") ==
      0);
  CHECK(result.out.find("\nmost frequent label  0.500   accuracy without a model\n") != std::string::npos);
  CHECK(result.out.find("\nmodel:  out\nreport: out/report.html\n") != std::string::npos);
  CHECK(world.file("out/config.json").find("\"BertForSequenceClassification\"") != std::string::npos);
  CHECK(bert::read_task_history(world.folder / "out/history.json").names[0] == "accuracy");
  CHECK(world.file("out/metrics.csv").starts_with("step,kind,seconds,loss,"));

  CHECK(world.call({"predict", "out", "--text", "The dog likes to jump."}).out.find("\nbad\t") !=
        std::string::npos);
  const ProgramResult lines = world.call({"predict", "out", "validation.tsv"});
  CHECK(lines.out.starts_with("label\tprobability\ttext\ngood\t"));
  const auto score =
      nlohmann::json::parse(world.call({"predict", "out", "validation.tsv", "--score", "--json"}).out);
  CHECK(score["figures"]["accuracy"]["value"] == 1.0);
  CHECK(score["examples"] == 20);
}

TEST_CASE("finetune: a run that was stopped or killed goes on to the same bits and curves") {
  const World world;
  const bool is_killed = GENERATE(false, true);
  // The first checkpoint appears with the first epoch, or the first step; the signal comes as soon as it is
  // there.
  const std::vector<std::string> more = {"--epochs", "6", "--save-minutes", is_killed ? "1e-9" : "1"};
  REQUIRE(world.call(world.tuning("whole", more)).exit_code == 0);
  const std::string gradus = GRADUS_PROGRAM;
  std::string line = "'" + gradus + "'";
  for (const std::string& word : world.tuning("cut", more)) line += " '" + word + "'";
  const std::string script = "set -m; cd '" + world.folder.path().string() + "'; " + line +
                             " > /dev/null 2> log & pid=$!; while kill -0 $pid 2> /dev/null && ! ls "
                             "cut/checkpoints/step-* > /dev/null 2>&1; do sleep 0.002; done; kill -" +
                             (is_killed ? "KILL" : "INT") + " $pid; wait $pid";
  const ProgramResult cut = run_program({"bash", "-c", script});
  if (cut.exit_code != 0) {  // it may have been too quick
    CHECK(cut.exit_code == (is_killed ? 137 : 130));
    if (!is_killed) {
      CHECK(world.file("log").find("everything is saved, and --resume goes on from there") !=
            std::string::npos);
      CHECK(world.call({"predict", "cut", "--text", "The dog likes to jump."}).exit_code == 0);
    }
    const ProgramResult rest =
        world.call(world.tuning("cut", {"--epochs", "6", "--resume", "--save-minutes", "1"}));
    INFO(rest.errors);
    REQUIRE(rest.exit_code == 0);
  }
  CHECK(world.file("cut/model.safetensors") == world.file("whole/model.safetensors"));
  const auto figures = [&](const std::string& out) {
    std::string text;
    for (const bert::TaskMoment& moment :
         bert::read_task_history(world.folder / (out + "/history.json")).moments)
      text += fmt::format("{} {} {}\n", moment.step, moment.loss, fmt::join(moment.figures, " "));
    return text;
  };
  CHECK(figures("cut") == figures("whole"));
}

TEST_CASE("finetune: validation on the examples of the training is warned of") {
  const World world;
  const std::string warning =
      "warning: --validation has the very examples of the training, so its figures say how well they are "
      "remembered\n";
  CHECK(world.call(world.tuning("out", {"--epochs", "1"})).errors.find(warning) == std::string::npos);
  write(world.folder / "validation.tsv", world.file("train.tsv"));
  CHECK(world.call(world.tuning("same", {"--epochs", "1"})).errors.find(warning) != std::string::npos);
}

TEST_CASE("finetune: a finished run goes on to more epochs, and refuses what it may not change") {
  const World world;
  REQUIRE(world.call(world.tuning("out", {"--epochs", "2"})).exit_code == 0);
  const auto refusal = [&](const std::vector<std::string>& more) {
    const ProgramResult result = world.call(world.tuning("out", more));
    CHECK(result.exit_code == 2);
    return result.errors;
  };
  CHECK(refusal({"--epochs", "2"}) ==
        "gradus finetune: --out 'out' holds a run already; add --resume to go on with it, or name another "
        "folder\n");
  CHECK(refusal({"--epochs", "2", "--resume", "--weight-decay", "0.5"}) ==
        "gradus finetune: --weight-decay: the run has 0.01, not 0.5; resume it as it was begun, or name "
        "another "
        "folder with --out\n");
  // What is left out is as it was: this run is done.
  const std::string done = world.file("out/metrics.csv");
  const ProgramResult same = world.call(world.tuning("out", {"--resume"}));
  CHECK(same.exit_code == 0);
  CHECK(same.errors.find("goes on") == std::string::npos);
  CHECK(world.file("out/metrics.csv") == done);
  const ProgramResult more = world.call(world.tuning("out", {"--epochs", "4", "--resume"}));
  INFO(more.errors);
  CHECK(more.exit_code == 0);
  CHECK(more.errors.find(
            "the run goes on to 4 epochs instead of 2; the learning rate is higher again than it was\n") !=
        std::string::npos);
  const ProgramResult slower =
      world.call(world.tuning("out", {"--epochs", "6", "--resume", "--learning-rate", "1e-5"}));
  CHECK(slower.exit_code == 0);
  CHECK(slower.errors.find(
            "the run goes on with another learning rate, 1e-05\nthe run goes on to 6 epochs instead "
            "of 4\n") != std::string::npos);
  write(world.folder / "train.tsv", World::table(62));
  CHECK(refusal({"--epochs", "6", "--resume", "--learning-rate", "1e-5"}) ==
        "gradus finetune: TRAIN: the run was begun with other examples; resume it as it was begun, or name "
        "another "
        "folder with --out\n");
}

TEST_CASE("finetune: a sweep keeps the best setting, says what was tried, and goes on where it was stopped") {
  const World world;
  const std::vector<std::string> sweep = {"--epochs", "6",           "--try-rates", "1e-9",
                                          "3e-3",     "--try-seeds", "1",           "2"};
  std::vector<std::string> words = world.tuning("out", sweep);
  const ProgramResult result = world.call(words);
  INFO(result.out << result.errors);
  REQUIRE(result.exit_code == 0);
  CHECK(result.out.find("accuracy\nlearning rate\tepochs\tbatch\tmean\tlowest\thighest\n0.003\t6\t8\t") == 0);
  CHECK(result.out.find("\nkept: rate-0.003-epochs-6-batch-8-seed-") != std::string::npos);
  CHECK(world.file("out/sweep.tsv").find("\n1e-09\t6\t8\t") != std::string::npos);
  CHECK(world.file("out/sweep.html").find("What was tried") != std::string::npos);
  const size_t at = result.out.find("kept: ") + 6;
  const std::string kept = result.out.substr(at, result.out.find('\n', at) - at);
  CHECK(world.file("out/model.safetensors") == world.file("out/runs/" + kept + "/model.safetensors"));

  CHECK(world.call(words).errors ==
        "gradus finetune: --out 'out' holds a sweep already; add --resume to go on with it, or name another "
        "folder\n");
  const std::string first = "out/runs/rate-1e-09-epochs-6-batch-8-seed-2";
  const std::string before = world.file(first + "/model.safetensors");
  std::filesystem::remove_all(world.folder / first);
  words.emplace_back("--resume");
  REQUIRE(world.call(words).exit_code == 0);
  CHECK(world.file(first + "/model.safetensors") == before);
}

TEST_CASE("predict: pairs for a model that has learnt from single texts are warned of, and the reverse") {
  const World world;
  write(world.folder / "pairs.tsv", "text\tpair\tlabel\nA dog.\tA cat.\tgood\nA cat.\tA dog.\tbad\n");
  REQUIRE(world.call(world.tuning("singles", {"--epochs", "1"})).exit_code == 0);
  REQUIRE(world
              .call({"finetune", "classification", "model", "pairs.tsv", "--validation-fraction", "0",
                     "--out", "pairs", "--epochs", "1"})
              .exit_code == 0);
  const auto errors = [&](const std::vector<std::string>& words) {
    const ProgramResult result = world.call(words);
    CHECK(result.exit_code == 0);
    CHECK(result.out.starts_with("label\t"));
    return result.errors;
  };
  const std::vector<std::string> one = {"--text", "A dog."}, two = {"--text", "A dog.", "--pair", "A cat."};
  const auto predict = [&](const std::string& model, std::vector<std::string> words) {
    words.insert(words.begin(), {"predict", model});
    return errors(words);
  };
  CHECK(predict("singles", one) == "");
  CHECK(predict("pairs", two) == "");
  CHECK(predict("pairs", {"pairs.tsv"}) == "");
  CHECK(predict("singles", two) ==
        "gradus predict: warning: singles has learnt from single texts, and --text gives it pairs: what it "
        "says "
        "of them means little; leave --pair out, or fine-tune a model on pairs\n");
  CHECK(
      predict("singles", {"pairs.tsv"}) ==
      "gradus predict: warning: singles has learnt from single texts, and pairs.tsv gives it pairs: what it "
      "says of them means little; leave the column of the second texts out, or fine-tune a model on pairs\n");
  CHECK(
      predict("pairs", one) ==
      "gradus predict: warning: pairs has learnt from pairs, and --text gives it single texts: what it says "
      "of them means little; give --pair, or fine-tune a model on single texts\n");
  CHECK(predict("pairs", {"train.tsv"}) ==
        "gradus predict: warning: pairs has learnt from pairs, and train.tsv gives it single texts: what it "
        "says of them means little; give a column pair with the second texts, or fine-tune a model on single "
        "texts\n");
  // A folder of transformers does not say what it has learnt from.
  const std::string config = world.file("singles/config.json");
  const size_t at = config.find("\"gradus\"");
  REQUIRE(at != std::string::npos);
  write(world.folder / "singles/config.json", config.substr(0, at) + "\"other\"" + config.substr(at + 8));
  CHECK(predict("singles", two) == "");
}

TEST_CASE("finetune and pretrain leave a folder alone that holds a run of the other kind, resumed or not") {
  const World world;
  write(world.folder / "text.txt",
        "The cat likes to jump.\nThe dog likes to run.\n\n"
        "The dog likes to jump.\nThe cat likes to run.\n");
  const std::vector<std::string> pretraining = {"pretrain", "text.txt",  "--held-out-fraction",
                                                "0",        "--from",    "model",
                                                "--length", "16",        "--slots",
                                                "64",       "--steps",   "1",
                                                "--out",    "pretrained"};
  const auto into = [](std::vector<std::string> words, const std::string& out, bool resume) {
    *(std::ranges::find(words, "--out") + 1) = out;
    if (resume) words.emplace_back("--resume");
    return words;
  };
  const ProgramResult made = world.call(pretraining);
  INFO(made.errors);
  REQUIRE(made.exit_code == 0);
  REQUIRE(world.call(world.tuning("moods", {"--epochs", "1"})).exit_code == 0);
  write(world.folder / "nouns.tsv",
        "text\tfirst_noun\tsecond_noun\tlabel\nThe cat likes the dog.\tcat\tdog\tfirst\n"
        "The dog likes the cat.\tdog\tcat\tsecond\n");
  REQUIRE(world
              .call({"finetune", "pronouns", "model", "nouns.tsv", "--pronoun", "likes",
                     "--validation-fraction", "0", "--out", "named", "--epochs", "1"})
              .exit_code == 0);
  std::vector<BadCall> calls;
  for (const bool resume : {false, true}) {
    calls.push_back(
        {into(world.tuning("", {"--epochs", "1"}), "pretrained", resume), 2,
         " finetune: --out 'pretrained' holds a pretrained model, and fine-tuning would put its own "
         "in the place of it and of its report; name another folder, such as pretrained-tuned"});
    for (const std::string out : {"moods", "named"})  // the latter is a BertForPreTraining, too
      calls.push_back(
          {into(pretraining, out, resume), 2,
           fmt::format(" pretrain: --out '{0}' holds a fine-tuned model, and pretraining would put "
                       "its own in the place of it and of its report; name another folder, such "
                       "as {0}-pretrained",
                       out)});
  }
  check_refused(world.folder, calls);
}

TEST_CASE("finetune and predict refuse what they cannot use, and leave everything as it was") {
  const World world;
  write(world.folder / "unknown.tsv", "text\tlabel\nA dog.\tfine\n");
  write(world.folder / "wide.tsv", "text\tlabel\nA dog.\tgood\tmore\n");
  write(world.folder / "one.tsv", "text\tlabel\nA dog.\tgood\nA cat.\tgood\n");
  write(world.folder / "pairs.tsv", "text\tpair\tlabel\nA dog.\tA cat.\tgood\nA cat.\tA dog.\tbad\n");
  write(world.folder / "names.tsv", "text\tlabel\nA dog.\tgood\nA cat.\t3\n");
  write(world.folder / "empty.tsv", "");
  std::vector<BadCall> calls;
  const auto add = [&](std::vector<std::string> words, int code, const std::string& message) {
    const std::string command = words[0];
    if (command == "finetune") words.insert(words.end(), {"--out", "new"});
    calls.push_back({words, code, " " + command + ": " + message});
  };
  add({"finetune", "classification", "model", "nowhere.tsv"}, 1,
      "cannot read nowhere.tsv: there is no such file");
  add({"finetune", "classification", "model", "empty.tsv"}, 1,
      "empty.tsv: holds no row below the names of its columns");
  add({"finetune", "classification", "model", "wide.tsv"}, 1,
      "wide.tsv, line 2: has 3 columns, and the first line names 2");
  add({"finetune", "classification", "model", "one.tsv"}, 1,
      "one.tsv: every row has the label 'good', so there is nothing to tell apart");
  add({"finetune", "classification", "model", "train.tsv", "--validation", "unknown.tsv"}, 1,
      "unknown.tsv, line 2: there is no label 'fine'; the labels are bad, good");
  add({"finetune", "classification", "model", "train.tsv", "--validation", "pairs.tsv"}, 1,
      "train.tsv has single texts, and pairs.tsv has pairs");
  add({"finetune", "regression", "model", "names.tsv"}, 1,
      "names.tsv, line 2: 'good' is no number, such as 3.5");
  add({"finetune", "classification", "model", "train.tsv", "--freeze", "9"}, 2,
      "--freeze 9 is more than the 2 layers of model");
  add({"finetune", "classification", "model", "train.tsv", "--max-length", "400"}, 2,
      "--max-length 400 is more than the 16 positions of model");
  add({"finetune", "classification", "model", "train.tsv", "--overlap", "2"}, 2,
      "--overlap is for --long-texts windows; give both, or leave it out");
  add({"finetune", "classification", "model", "train.tsv", "--patience", "2", "--last-epoch"}, 2,
      "--patience keeps the best epoch and --last-epoch the last; leave one of them out");
  add({"finetune", "regression", "model", "train.tsv", "--class-weights", "balanced"}, 2,
      "--class-weights balanced is for classification and entities, not for regression");
  add({"finetune", "classification", "model", "train.tsv", "--loss", "contrastive"}, 2,
      "--loss is for similarity, not for classification");
  add({"finetune", "similarity", "model", "pairs.tsv", "--temperature", "1"}, 2,
      "--temperature is for --loss contrastive; give both, or leave it out");
  add({"finetune", "choices", "model", "train.tsv"}, 1,
      "train.tsv, line 1: names no column of choices; there must be choice1, choice2 and so on");
  add({"finetune", "classification", "model", "train.tsv", "--try-rates", "1e-4", "fast"}, 2,
      "--try-rates: 'fast' is not a number above 0 and at most 100");
  const std::string leave = "; leave it out";
  add({"probe", "texts", "model", "train.tsv", "other.tsv", "--label", "bad"}, 2,
      "--label is for tokens, not for texts" + leave);
  add({"probe", "words", "model", "train.tsv", "other.tsv", "--steps", "3"}, 2,
      "--steps is for tokens, not for words" + leave);
  add({"probe", "heads", "model", "train.tsv", "--of", "tags"}, 2,
      "--of is for words, not for heads" + leave);
  add({"probe", "tokens", "model", "--text", "a", "--pronoun", "it"}, 2,
      "--pronoun is for antecedents and heads, not for tokens" + leave);
  add({"predict", "model", "train.tsv", "--pronoun", "it", "--threshold", "1"}, 2,
      "--threshold is for answers to questions, and --pronoun gives none" + leave);
  add({"predict", "model", "train.tsv", "--pronoun", "it", "--iob1"}, 2,
      "--iob1 is for tags of words, and --pronoun gives none" + leave);
  add({"predict", "model", "train.tsv", "--pronoun", "it", "--overlap", "2"}, 2,
      "--max-length, --long-texts and --overlap are not for --pronoun, which reads whole texts");
  add({"predict", "model", "train.tsv"}, 2,
      "model has no task on top; gradus finetune makes one, gradus similarity compares the vectors of such a "
      "model, and "
      "--pronoun asks its MLM head");
  write(world.folder / "same.tsv", "text\tlabel\nA dog.\t2\nA cat.\t2\n");
  write(world.folder / "large.tsv", "text\tlabel\nA dog.\t2\nA cat.\t1e30\n");
  write(world.folder / "held/config.json", "{}");
  add({"finetune", "regression", "model", "same.tsv"}, 1,
      "same.tsv: every row has the number 2, so there is nothing to learn");
  add({"finetune", "regression", "model", "large.tsv"}, 1,
      "large.tsv, line 3: '1e30' is too large a number to learn; divide all of them by the same one");
  add({"finetune", "classification", "model", "train.tsv", "--try-rates", "1e-4", "1e-4"}, 2,
      "--try-rates has a value twice, and would make the same run again; leave it out");
  add({"finetune", "classification", "model", "train.tsv", "--try-rates", "1e-4", "--validation-fraction",
       "0"},
      2, "a sweep chooses on validation examples; give --validation or a --validation-fraction above 0");
  calls.push_back(
      {{"finetune", "classification", "model", "train.tsv", "--out", "held"},
       2,
       " finetune: --out 'held' holds a config.json, which the run would replace; name another folder"});
  calls.push_back(
      {{"finetune", "classification", "model", "train.tsv", "--try-rates", "1e-4", "--out", "model"},
       2,
       " finetune: --out 'model' holds a pretrained model, and fine-tuning would put its own in the place of "
       "it and of its report; name another folder, such as model-tuned"});
  write(world.folder / "other.tsv", "text\tlabel\nA dog.\tgood\nA cat.\tfine\n");
  calls.push_back({{"probe", "texts", "model", "train.tsv", "other.tsv"},
                   1,
                   " probe: other.tsv, line 3: the label 'fine' is not in train.tsv"});
  add({"predict", "model"}, 2, "name a FILE, or give one text that is not empty with --text");
  add({"predict", "model", "--text", "A dog.", "--score"}, 2,
      "--score compares with the labels of a FILE; name one, or leave it out");
  add({"predict", "model", "train.tsv", "--by", "kind"}, 2, "--by is a part of --score; give both");
  check_refused(world.folder, calls);
}

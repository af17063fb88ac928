// How gradus pretrain begins: what it says of the text, what it refuses, and where it goes on from.
#include <algorithm>

#include "app/program.hpp"
#include "autograd/ops.hpp"
#include "bert/model/config.hpp"
#include "bert/training/training_state.hpp"
#include "nn/safetensors.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

namespace fs = std::filesystem;

const char* const four_documents =
    "A dog ran.\nA cat ran.\n\nThe dog sat.\nThe cat sat.\n\nThe cat ate.\nIt ran.\n\nThe dog ate.\nIt "
    "sat.\n";

/// A short run of a tiny model in a folder of its own. `more` is said last.
struct Start {
  TemporaryFolder folder;

  ProgramResult operator()(const std::string& text, const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"pretrain", text, "--slots", "64", "--held-out-fraction", "0"};
    if (std::find(more.begin(), more.end(), "--length") == more.end())
      words.insert(words.end(), {"--length", "16"});
    words.insert(words.end(), more.begin(), more.end());
    return call_gradus(folder.path(), words);
  }
  ProgramResult fresh(const std::string& text, std::vector<std::string> more) const {
    more.insert(more.begin(), {"--layers", "1", "--hidden", "32", "--vocab-size", "60"});
    return (*this)(text, more);
  }
  std::string settings(const std::string& out, int64_t step) const {
    const fs::path file =
        folder / out / "checkpoints" / ("step-" + std::to_string(step)) / "training_state.json";
    return bert::training_state_from_json(read_file(file), file).settings;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("pretrain: what was read is said before training") {
  const Start start;
  write(start.folder / "text.txt",
        std::string(four_documents) + "\nA cow sat.\n\n" + std::string(120, 'x') + "\n");
  const ProgramResult result = start.fresh("text.txt", {"--steps", "30", "--out", "new"});
  INFO(result.errors);
  REQUIRE(result.exit_code == 0);
  CHECK(has(result.errors, "text.txt: 6 documents (4 of them can give sentence pairs), 10 sentences, "));
  CHECK(has(result.errors,
            "text.txt: 2 documents of one sentence: masked pieces are learned from them, the next "
            "sentence is not\n"));
  CHECK(has(result.errors, "text.txt: 1 word is longer than 100 characters, and each counts as one [UNK]\n"));
  CHECK(has(read_file(start.folder / "new/report.html"), "6 documents (4 of two sentences or more"));
  // The warm-up of 200 steps is longer than the run.
  CHECK(
      has(result.errors, "the warm-up takes 3 of the 30 steps, a tenth, instead of 200; --warmup sets it\n"));
  CHECK(has(start.settings("new", 30), "warm-up 3,"));

  for (const auto& [steps, words] : {std::pair("5", "5 steps"), {"1", "1 step"}}) {
    const ProgramResult tiny = start.fresh("text.txt", {"--steps", steps, "--out", steps});
    CHECK(tiny.exit_code == 0);
    CHECK(has(tiny.out, words + std::string(", ")));
    CHECK(has(read_file(start.folder / steps / "report.html"), std::string("<td>") + words + "</td>"));
    CHECK(has(tiny.errors, std::string("\nthere is no warm-up, since a tenth of ") + words +
                               " is less than one; --warmup sets it\n"));
    CHECK(has(start.settings(steps, *steps - '0'), "warm-up 0,"));
  }

  const ProgramResult said =
      start.fresh("text.txt", {"--steps", "2", "--warmup", "50", "--no-nsp", "--out", "said"});
  INFO(said.errors);
  CHECK(said.exit_code == 0);
  CHECK(has(said.errors, "warning: --warmup 50 is not over when the run ends after 2 steps"));
  CHECK(has(start.settings("said", 2), "warm-up 50,"));
  CHECK(!has(said.errors, "sentence pairs"));
}

TEST_CASE("pretrain: a text that teaches nothing is refused") {
  const Start start;
  std::string reads, alike;
  for (int i = 0; i < 6; ++i) {
    reads.append(120, "ACGT"[i % 4]).append("\n").append(110, "GTAC"[i % 4]).append("\n\n");
    alike += "A dog ran.\nA cat sat.\n\n";
  }
  write(start.folder / "reads.txt", reads);
  write(start.folder / "alike.txt", alike);
  write(start.folder / "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nc\n##a\n##c\n");
  const ProgramResult unknown = start("reads.txt", {"--vocab", "vocab.txt", "--steps", "2", "--out", "new"});
  CHECK(unknown.exit_code == 1);
  CHECK(
      unknown.errors ==
      "gradus pretrain: reads.txt: 12 of 12 tokens are [UNK] or other special pieces, so there is nothing to "
      "learn; 12 words are longer than 100 characters, and each counts as one [UNK]: put spaces into them\n");
  const ProgramResult same = start.fresh("alike.txt", {"--steps", "2", "--out", "new"});
  CHECK(same.exit_code == 1);
  CHECK(has(same.errors,
            "gradus pretrain: alike.txt: next sentence prediction has nothing to tell apart: of "));
  CHECK(has(same.errors,
            "none has a random second sentence, because those of other documents read the same; "
            "leave it out with --no-nsp\n"));
  CHECK(!fs::exists(start.folder / "new"));
  CHECK(start.fresh("alike.txt", {"--steps", "2", "--no-nsp", "--out", "new"}).exit_code == 0);

  // Text that is held out does not stop the run, but what it cannot tell is said.
  write(start.folder / "text.txt", four_documents);
  const std::string nothing_held = "next sentence prediction has nothing to tell apart: of ";
  const ProgramResult held =
      start.fresh("text.txt", {"--held-out", "alike.txt", "--steps", "2", "--out", "held"});
  INFO(held.errors);
  CHECK(held.exit_code == 0);
  CHECK(has(held.errors, "warning: of the text that is held out, " + nothing_held));
  CHECK(has(held.errors, "; its NSP accuracy says nothing\n"));
  const auto evaluate = [&](const std::string& text) {
    return call_gradus(start.folder.path(), {"evaluate", "held", text, "--length", "16"});
  };
  const ProgramResult scored = evaluate("alike.txt");
  CHECK(scored.exit_code == 0);
  CHECK(has(scored.errors, "alike.txt: 6 documents (6 of them can give sentence pairs), 12 sentences, "));
  CHECK(has(scored.errors, "alike.txt: warning: " + nothing_held));
  CHECK(has(scored.errors, "; leave it out with --no-nsp\n"));
  const ProgramResult usual = evaluate("text.txt");
  CHECK(usual.exit_code == 0);
  CHECK(has(usual.errors, "text.txt: 4 documents "));
  CHECK(!has(usual.errors, "warning"));
  const ProgramResult none = evaluate("reads.txt");
  CHECK(none.exit_code == 1);
  CHECK(has(none.errors, "gradus evaluate: reads.txt: 12 of 12 tokens are [UNK] or other special pieces"));
}

TEST_CASE("pretrain: the advice on a strange text fits how the vocabulary came") {
  const Start start;
  write(start.folder / "text.txt", four_documents);
  REQUIRE(start.fresh("text.txt", {"--steps", "2", "--out", "model"}).exit_code == 0);
  std::string strange = four_documents;
  for (const char* word : {"zebra", "quux", "jazz", "vex"}) strange += std::string(word) + " ran.\n";
  write(start.folder / "strange.txt", strange);
  const std::string warning = "strange.txt: warning: the vocabulary does not know much of this text; ";
  const ProgramResult from = start("strange.txt", {"--from", "model", "--steps", "2", "--out", "from"});
  CHECK(has(from.errors, warning + "its tokenizer is that of --from, so leave that out to learn another\n"));
  const ProgramResult vocab = start("strange.txt", {"--vocab", "model", "--steps", "2", "--out", "vocab",
                                                    "--layers", "1", "--hidden", "32"});
  CHECK(has(vocab.errors, warning + "leave --vocab out to learn one from it, or ask for a larger one with "
                                    "--vocab-size\n"));
  const ProgramResult evaluated =
      call_gradus(start.folder.path(), {"evaluate", "model", "strange.txt", "--length", "16"});
  CHECK(has(evaluated.errors, warning + "what it scores here says little of the model\n"));
}

TEST_CASE("pretrain: a run by minutes that ends within its warm-up says so") {
  const Start start;
  write(start.folder / "text.txt", four_documents);
  const std::string sentence = " of its warm-up, so the learning rate never reached 0.001\n";
  const ProgramResult said = start.fresh(
      "text.txt", {"--minutes", "0.001", "--warmup", "1000000", "--evaluations", "0", "--out", "said"});
  INFO(said.errors);
  CHECK(said.exit_code == 0);
  CHECK(has(said.errors, sentence));
  const ProgramResult shortened =
      start.fresh("text.txt", {"--minutes", "0.001", "--evaluations", "0", "--out", "shortened"});
  CHECK(shortened.exit_code == 0);
  CHECK(!has(shortened.errors, sentence));
}

TEST_CASE("pretrain: a finished run goes on to more steps, and says what becomes of the rate") {
  const Start start;
  write(start.folder / "text.txt", four_documents);
  REQUIRE(start.fresh("text.txt", {"--steps", "20", "--warmup", "4", "--out", "run"}).exit_code == 0);
  const ProgramResult more =
      start.fresh("text.txt", {"--steps", "36", "--warmup", "4", "--out", "run", "--resume"});
  INFO(more.errors);
  REQUIRE(more.exit_code == 0);
  // Linear: 1e-3 (36 - 20) / (36 - 4).
  CHECK(has(more.errors,
            "the run goes on to 36 steps instead of 20; the linear decay now ends there, so the "
            "learning rate after step 20 is 0.0005, and was to be 0\n"));
  CHECK(has(more.out, "36 steps"));
  CHECK(has(read_file(start.folder / "run/metrics.csv"), "\n36,train,"));
  const ProgramResult less = start.fresh("text.txt", {"--steps", "30", "--out", "run", "--resume"});
  CHECK(less.exit_code == 2);
  CHECK(has(less.errors, "gradus pretrain: --steps: the run has 36, not 30; resume it"));
}

TEST_CASE("pretrain: a run that goes on says which files of the steps so far are not there") {
  const Start start;
  write(start.folder / "text.txt", std::string(four_documents) + "\n" + four_documents);
  const auto run = [&](const std::string& steps, std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--held-out", "text.txt", "--evaluations", "0", "--out", "run"});
    more.insert(more.end(), {"--steps", steps});
    return start.fresh("text.txt", more);
  };
  const std::string metrics = "run/metrics.csv is not there, so it and the report's curves begin after step ";
  const std::string samples = "run/samples.json is not there, so the report's samples begin after step ";
  const std::string history =
      "run/history.json is not there, so the report's time machine begins after step ";
  const ProgramResult first = run("10");
  INFO(first.errors);
  REQUIRE(first.exit_code == 0);
  CHECK(!has(first.errors, "is not there"));
  const ProgramResult whole = run("20", {"--resume"});
  CHECK(whole.exit_code == 0);
  CHECK(!has(whole.errors, "is not there"));

  fs::remove(start.folder / "run/metrics.csv");
  fs::remove(start.folder / "run/samples.json");
  fs::remove(start.folder / "run/history.json");
  const ProgramResult more = run("30", {"--resume"});
  CHECK(more.exit_code == 0);
  CHECK(has(more.errors, metrics + "20\n"));
  CHECK(has(more.errors, samples + "20\n"));
  CHECK(has(more.errors, history + "20\n"));
  const std::string rows = read_file(start.folder / "run/metrics.csv");
  CHECK(has(rows, "\n30,eval,"));
  CHECK(!has(rows, "\n20,"));

  // A finished run that lost it is evaluated again.
  fs::remove(start.folder / "run/metrics.csv");
  const ProgramResult again = run("30", {"--resume"});
  CHECK(again.exit_code == 0);
  CHECK(has(again.errors, metrics + "30\n"));
  CHECK(!has(again.errors, samples));
  CHECK(has(read_file(start.folder / "run/metrics.csv"), "\n30,eval,"));
}

TEST_CASE("pretrain: another text of as many words in as many sentences is refused under --resume") {
  const Start start;
  std::string other = four_documents;
  other.replace(other.find("cat ran"), 3, "dog");
  write(start.folder / "text.txt", four_documents);
  write(start.folder / "other.txt", other);
  REQUIRE(start.fresh("text.txt", {"--steps", "2", "--out", "run"}).exit_code == 0);
  const ProgramResult result = start.fresh("other.txt", {"--steps", "4", "--out", "run", "--resume"});
  CHECK(result.exit_code == 2);
  CHECK(has(result.errors, "TEXT: the run was begun with another training text"));
}

TEST_CASE("pretrain --from begins with the weights, config and tokenizer of a folder") {
  const Start start;
  write(start.folder / "text.txt", four_documents);
  const fs::path folder = start.folder / "model";
  fs::copy(std::string(GRADUS_FIXTURES) + "/bert/small", folder);
  const std::string table = "bert.embeddings.word_embeddings.weight";
  const auto begin = [&](std::vector<std::string> more) {
    more.insert(more.begin(),
                {"--from", "model", "--steps", "2", "--optimizer", "sgd", "--weight-decay", "0"});
    return start("text.txt", more);
  };
  // A rate so small that it is 0 in f32: the weights stay what they were, zeros too.
  const ProgramResult same = begin({"--learning-rate", "1e-60", "--out", "same"});
  INFO(same.errors);
  REQUIRE(same.exit_code == 0);
  CHECK(read_file(start.folder / "same/vocab.txt") == read_file(folder / "vocab.txt"));
  const nn::StateDict had = nn::read_safetensors(folder / "model.safetensors");
  nn::StateDict has_now = nn::read_safetensors(start.folder / "same/model.safetensors");
  CHECK(had.at(table).to_vector<float>() == has_now.at(table).to_vector<float>());
  CHECK(!has(same.errors, "fresh"));
  const ProgramResult moved = begin({"--learning-rate", "0.1", "--warmup", "0", "--out", "moved"});
  REQUIRE(moved.exit_code == 0);
  has_now = nn::read_safetensors(start.folder / "moved/model.safetensors");
  CHECK(had.at(table).to_vector<float>() != has_now.at(table).to_vector<float>());

  // Its dropout is a matter of the run.
  REQUIRE(begin({"--dropout", "0.25", "--out", "dropped"}).exit_code == 0);
  const bert::Config dropped = bert::load_config(start.folder / "dropped/config.json");
  CHECK(dropped.hidden_dropout_prob == 0.25);
  CHECK(dropped.attention_probs_dropout_prob == 0.25);

  // It goes on from its own checkpoint, and only as what it is.
  const ProgramResult other = start("text.txt", {"--steps", "2", "--out", "same", "--resume"});
  CHECK(other.exit_code == 2);
  CHECK(has(other.errors, "--from: the run was begun with the weights "));
  CHECK(begin({"--learning-rate", "1e-60", "--out", "same", "--resume"}).exit_code == 0);

  // What contradicts the folder is refused by name; what repeats it is not.
  const auto refused = [&](const std::vector<std::string>& more, const std::string& sentence) {
    std::vector<std::string> words = more;
    words.insert(words.end(), {"--out", "new"});
    const ProgramResult result = begin(words);
    CHECK(result.exit_code == 2);
    CHECK(result.errors == "gradus pretrain: " + sentence + "\n");
    CHECK(!fs::exists(start.folder / "new"));
  };
  const std::string advice = "; leave it out, or begin without --from";
  refused({"--layers", "4", "--hidden", "24", "--heads", "2", "--activation", "relu", "--init-std", "0.1"},
          "--layers: the model in 'model' has 2, not 4; --heads: the model in 'model' has 3, not 2; "
          "--activation: "
          "the model in 'model' has gelu, not relu; --init-std: the model in 'model' brings its weights, and "
          "this "
          "is for fresh ones" +
              advice);
  refused({"--size", "mini"},
          "--size: the model in 'model' has 2 layers of 24, not 4 layers of 256" + advice);
  refused({"--vocab-size", "40"}, "--vocab-size: the model in 'model' has 48, not 40" + advice);
  refused({"--length", "64"},
          "--length: rows of 64 slots are longer than the 16 positions of the model in 'model'");

  // A longer vocabulary brings rows of its own; those that were there stay.
  const std::string pieces = read_file(folder / "vocab.txt");
  std::istringstream lines(pieces);
  std::string five, piece_5;
  for (int i = 0; i < 5; ++i) {
    std::getline(lines, piece_5);
    five += piece_5 + "\n";
  }
  std::getline(lines, piece_5);
  write(start.folder / "short.txt", five);
  write(start.folder / "other.txt", five + "xyz\n");
  write(start.folder / "longer.txt", pieces + "zebra\n##zz\n");
  const ProgramResult longer =
      begin({"--learning-rate", "1e-60", "--out", "longer", "--vocab", "longer.txt"});
  INFO(longer.errors);
  REQUIRE(longer.exit_code == 0);
  CHECK(has(longer.errors, "'model': fresh weights stand for the 2 pieces that --vocab has more\n"));
  CHECK(read_file(start.folder / "longer/vocab.txt") == pieces + "zebra\n##zz\n");
  CHECK(bert::load_config(start.folder / "longer/config.json").vocab_size == 50);
  has_now = nn::read_safetensors(start.folder / "longer/model.safetensors");
  CHECK(has_now.at(table).slice(0, 0, 48).to_vector<float>() == had.at(table).to_vector<float>());
  CHECK(has_now.at("cls.predictions.bias").slice(0, 48, 50).to_vector<float>() == std::vector<float>{0, 0});
  const std::vector<float> rows = has_now.at(table).slice(0, 48, 50).to_vector<float>();
  CHECK(std::ranges::all_of(rows, [](float weight) { return weight != 0; }));
  CHECK(begin({"--learning-rate", "1e-60", "--out", "longer", "--resume"}).exit_code == 0);

  // It goes on to more steps, from a folder that transformers wrote.
  const ProgramResult on =
      start("text.txt", {"--from", "model", "--steps", "5", "--optimizer", "sgd", "--weight-decay", "0",
                         "--learning-rate", "0.1", "--warmup", "0", "--out", "moved", "--resume"});
  INFO(on.errors);
  CHECK(on.exit_code == 0);
  CHECK(has(on.errors, "the run goes on to 5 steps instead of 2"));
  CHECK(has(on.out, "5 steps"));

  refused({"--vocab", "other.txt"},
          "--vocab: as piece 5 other.txt has 'xyz', and the model in 'model' has '" + piece_5 +
              "'; leave --vocab out, or give one that begins with all pieces of the model");
  refused({"--vocab", "short.txt"},
          "--vocab: as piece 5 short.txt has nothing, and the model in 'model' has '" + piece_5 +
              "'; leave --vocab out, or give one that begins with all pieces of the model");

  // Heads that it lacks are fresh, which is said.
  nn::StateDict headless = had;
  std::erase_if(headless, [](const auto& entry) { return entry.first.starts_with("cls."); });
  nn::write_safetensors(folder / "model.safetensors", headless);
  const ProgramResult fresh = begin({"--out", "headless"});
  INFO(fresh.errors);
  CHECK(fresh.exit_code == 0);
  CHECK(has(fresh.errors, "model.safetensors: has no cls."));
  CHECK(has(fresh.errors, "fresh weights stand there"));
}

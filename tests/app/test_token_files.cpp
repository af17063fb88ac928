// Token files as a user meets them: in place of a text, made by pretrain itself, interrupted, and refused.
#include <nlohmann/json.hpp>

#include "app/bad_input.hpp"
#include "autograd/file.hpp"
#include "bert/data/token_file.hpp"
#include "support/run_program.hpp"

namespace {

namespace fs = std::filesystem;
using namespace gradus;
using namespace gradus::test;

using Words = std::vector<std::string>;

/// A text, a vocabulary, its token file, and a call of pretrain that takes a moment.
struct World {
  TemporaryFolder folder;

  World() {
    made({"corpus", "toy", "--out", "toy", "--stories", "60"});
    made({"vocab", "toy/train.txt", "--size", "120", "--out", "vocab.txt"});
    made({"tokenize", "--corpus", "toy/train.txt", "--vocab", "vocab.txt", "--out", "toy.tokens"});
  }
  void made(const Words& call) const {
    const ProgramResult result = call_gradus(folder.path(), call);
    INFO(result.errors);
    REQUIRE(result.exit_code == 0);
  }
  Words pretrain(const std::string& text, const std::string& out, const Words& more = {},
                 const std::string& steps = "20") const {
    Words call = {"pretrain", text,  "--out",    out,  "--vocab",           "vocab.txt", "--steps",  steps,
                  "--layers", "1",   "--hidden", "16", "--heads",           "1",         "--length", "32",
                  "--slots",  "128", "--warmup", "0",  "--evaluation-rows", "8"};
    call.insert(call.end(), more.begin(), more.end());
    return call;
  }
  std::string weights(const std::string& out) const { return read_file(folder / out / "model.safetensors"); }
};

}  // namespace

TEST_CASE(
    "token files: pretrain gives the same weights from a text, its token file, and the one it makes itself") {
  const World world;
  for (const Words& more : {Words{}, Words{"--held-out-fraction", "0", "--no-nsp"}}) {
    for (const char* out : {"text", "tokens", "mapped"}) fs::remove_all(world.folder / out);
    world.made(world.pretrain("toy/train.txt", "text", more));
    world.made(world.pretrain("toy.tokens", "tokens", more));
    Words maps = more;
    maps.insert(maps.end(), {"--map-above", "0"});
    world.made(world.pretrain("toy/train.txt", "mapped", maps));
    CHECK((world.weights("tokens") == world.weights("text")));
    CHECK((world.weights("mapped") == world.weights("text")));
    CHECK((read_file(world.folder / "mapped/text.tokens") == read_file(world.folder / "toy.tokens")));
  }
  // What was begun with the text goes on with its tokens, and the other way round.
  world.made(
      world.pretrain("toy.tokens", "text", {"--held-out-fraction", "0", "--no-nsp", "--resume"}, "22"));
  world.made(
      world.pretrain("toy/train.txt", "tokens", {"--held-out-fraction", "0", "--no-nsp", "--resume"}, "22"));
  CHECK((world.weights("tokens") == world.weights("text")));
}

TEST_CASE("token files: pretrain makes its own once for a text and a vocabulary") {
  const World world;
  const fs::path tokens = world.folder / "run/text.tokens";
  world.made(world.pretrain("toy/train.txt", "run", {"--map-above", "0"}));
  const auto first = fs::last_write_time(tokens);
  const Words resume = world.pretrain("toy/train.txt", "run", {"--map-above", "0", "--resume"}, "21");
  world.made(resume);
  CHECK(fs::last_write_time(tokens) == first);

  // One that is damaged, or of another text, is made again.
  const std::string whole = read_file(tokens);
  for (const std::string& bytes : {whole.substr(0, whole.size() - 8), std::string("something else")}) {
    write_file_atomically(tokens, bytes);
    world.made(resume);
    CHECK((read_file(tokens) == whole));
  }
  world.made({"tokenize", "--corpus", "toy/held-out.txt", "--vocab", "vocab.txt", "--out", "run/text.tokens",
              "--force"});
  world.made(resume);
  CHECK((read_file(tokens) == whole));
}

TEST_CASE("token files: evaluate gives the same figures from a text and its token file") {
  const World world;
  world.made(world.pretrain("toy.tokens", "model"));
  world.made({"tokenize", "--corpus", "toy/held-out.txt", "--model", "model", "--out", "held-out/"});
  const auto figures = [&](const std::string& text, const std::string& train) {
    auto result =
        nlohmann::json::parse(call_gradus(world.folder.path(), {"evaluate", "model", text, "--train", train,
                                                                "--length", "32", "--json"})
                                  .out);
    result["texts"][0].erase("name");
    // Words that are too long are counted in a text; its token file has no words any more.
    const nlohmann::json unknown = text.starts_with("held-out") ? nlohmann::json() : nlohmann::json(0);
    CHECK(result["texts"][0]["words_too_long"] == unknown);
    result["texts"][0].erase("words_too_long");
    return result;
  };
  const auto expected = figures("toy/held-out.txt", "toy/train.txt");
  CHECK(expected.contains("bigram_accuracy"));
  CHECK(figures("held-out/text.tokens", "toy.tokens") == expected);
  CHECK(figures("held-out", "toy/train.txt") == expected);  // the folder that it lies in
}

TEST_CASE("token files: tokenize says what it read and wrote") {
  const World world;
  const bert::TokenFileInfo info = bert::read_token_file_info(world.folder / "toy.tokens");
  write_file_atomically(world.folder / "two.txt",
                        "the dog\n\xE2\x80\x8E\xC2\xAD\n\n\xC2\xAD\nqqqqq \xE4\xB8\xAD\n");
  const ProgramResult two = call_gradus(world.folder.path(), {"tokenize", "--corpus", "two.txt", "--vocab",
                                                              "vocab.txt", "--out", "two.tokens"});
  CHECK(two.errors == "");
  CHECK(two.out.find("two.txt: 2 documents, 2 sentences, ") == 0);
  CHECK(
      two.out.find(
          "% of them [UNK]\ntwo.txt: warning: the vocabulary does not know much of this text; learn one from "
          "it with gradus vocab\ntwo.tokens: ") != std::string::npos);
  const auto said = nlohmann::json::parse(
      call_gradus(world.folder.path(), {"tokenize", "--corpus", "toy/train.txt", "--vocab", "vocab.txt",
                                        "--out", "toy.tokens", "--force", "--json"})
          .out);
  CHECK(said["path"] == "toy.tokens");
  CHECK(said["bytes"] == fs::file_size(world.folder / "toy.tokens"));
  CHECK(said["bytes_per_id"] == 2);
  CHECK(said["pieces"] == 120);
  CHECK(said["texts"][0]["documents"] == info.documents);
  CHECK(said["texts"][0]["tokens"] == info.tokens);
}

TEST_CASE("token files: Ctrl-C leaves nothing half-written") {
  const World world;
  std::string many;
  const std::string once = read_file(world.folder / "toy/train.txt");
  while (many.size() < 60'000'000) many += once;
  write_file_atomically(world.folder / "many.txt", many);
  const auto before = content_of(world.folder / "toy");
  const std::string script =
      std::string("cd '") + world.folder.path().string() + "' && exec '" + GRADUS_PROGRAM +
      "' tokenize --corpus many.txt --vocab vocab.txt --out toy/many.tokens & pid=$!; sleep 0.2; "
      "kill -INT $pid; wait $pid";
  const ProgramResult result = run_program({"bash", "-c", script});
  INFO(result.errors);
  CHECK(result.exit_code == 130);
  CHECK(result.out == "");
  CHECK(content_of(world.folder / "toy") == before);
}

TEST_CASE("token files: calls that cannot be right are refused in one sentence") {
  const World world;
  world.made({"vocab", "toy/train.txt", "--size", "100", "--out", "other.txt"});
  world.made(world.pretrain("toy.tokens", "model", {}, "1"));
  write_file_atomically(world.folder / "damaged.tokens",
                        read_file(world.folder / "toy.tokens").substr(0, 1000));
  const std::string size = std::to_string(fs::file_size(world.folder / "toy.tokens"));
  Words other = world.pretrain("toy.tokens", "run");
  std::replace(other.begin(), other.end(), std::string("vocab.txt"), std::string("other.txt"));
  Words learns = world.pretrain("toy.tokens", "run");
  learns.erase(learns.begin() + 4, learns.begin() + 6);
  const Words tokenize = {"tokenize", "--vocab", "vocab.txt", "--corpus"};
  const auto with = [](Words call, const Words& more) {
    call.insert(call.end(), more.begin(), more.end());
    return call;
  };
  Words two = world.pretrain("toy.tokens", "run");
  two.insert(two.begin() + 2, "toy/train.txt");
  check_refused(
      world.folder,
      {{learns, 2,
        " pretrain: toy.tokens is a token file; name the vocabulary that it was made with, by --vocab or "
        "--from"},
       {other, 1,
        " pretrain: toy.tokens: this token file was made with another vocabulary or other settings of the "
        "tokenizer; "
        "make it again with this one"},
       {two, 2, " pretrain: toy.tokens is a token file, which stands for a whole text; name it alone"},
       {world.pretrain("toy.tokens", "run", {"--block-sentences", "3"}), 2,
        " pretrain: --block-sentences 3: toy.tokens was made with --block-sentences 0; say the same here"},
       {world.pretrain("damaged.tokens", "run"), 1,
        " pretrain: damaged.tokens: this token file has 1000 bytes, and its header says " + size +
            "; make it again"},
       {{"evaluate", "model", "damaged.tokens", "--length", "32"},
        1,
        " evaluate: damaged.tokens: this token file has 1000 bytes, and its header says " + size +
            "; make it again"},
       {with(tokenize, {"toy/train.txt"}), 2, " tokenize: --corpus needs --out too"},
       {{"tokenize", "--vocab", "vocab.txt", "a", "--out", "x"}, 2, " tokenize: --out needs --corpus too"},
       {with(tokenize, {"toy/train.txt", "--out", "x", "--bare"}), 2,
        " tokenize: --bare and --corpus do not go together"},
       {with(tokenize, {"none.txt", "--out", "x"}), 1,
        " tokenize: cannot read none.txt: there is no such file"},
       {with(tokenize, {"toy.tokens", "--out", "x"}), 2,
        " tokenize: toy.tokens is a token file already; name the text"},
       {with(tokenize, {"toy/train.txt", "--out", "toy/train.txt", "--force"}), 2,
        " tokenize: toy/train.txt is a text to read; write to another file"},
       {with(tokenize, {"toy/train.txt", "--out", "no/x"}), 1,
        " tokenize: cannot write in no: No such file or directory"}});
}

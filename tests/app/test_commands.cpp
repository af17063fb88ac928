// What the commands corpus, vocab, tokenize and inspect write and print.
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/program.hpp"
#include "bert/text/unicode.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "bert/tokenizer/wordpiece_trainer.hpp"
#include "bert/toy_world/tasks.hpp"
#include "bert/toy_world/toy_world.hpp"
#include "nn/safetensors.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

using namespace gradus::test;
using gradus::bert::Vocab;
using nlohmann::json;

namespace {

/// Runs a command that must succeed silently and returns what it printed.
std::string printed(const TemporaryFolder& folder, const std::vector<std::string>& arguments,
                    const std::string& input = "") {
  const ProgramResult result = call_gradus(folder.path(), arguments, input);
  CHECK(result.errors == "");
  REQUIRE(result.exit_code == 0);
  return result.out;
}

const std::string pieces = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ndog\n##s\n.\ncaf\xC3\xA9\ncafe\nThe\n";

}  // namespace

TEST_CASE("corpus writes the stories of the toy world, the held-out ones apart") {
  const TemporaryFolder folder;
  CHECK(printed(folder, {"corpus", "toy", "--out", "a/toy", "--stories", "40", "--held-out", "0.25"}) ==
        "a/toy/train.txt: 30 stories\na/toy/held-out.txt: 10 held-out stories\n");
  gradus::bert::ToyWorldOptions world;
  world.stories = 30;
  CHECK(gradus::read_file(folder / "a/toy/train.txt") == gradus::bert::toy_corpus(world));
  world.stories = 10;
  world.held_out = true;
  CHECK(gradus::read_file(folder / "a/toy/held-out.txt") == gradus::bert::toy_corpus(world));
}

TEST_CASE("corpus depends on the seed alone") {
  const TemporaryFolder folder;
  printed(folder, {"corpus", "toy", "--out", "one.txt", "--stories", "30", "--seed", "7"});
  printed(folder, {"corpus", "toy", "--out", "two.txt", "--stories", "30", "--seed", "7"});
  const json other = json::parse(
      printed(folder, {"corpus", "toy", "--out", "three.txt", "--stories", "30", "--seed", "8", "--json"}));
  CHECK(other["seed"] == 8);
  CHECK(other["files"] == json::parse("[{\"path\": \"three.txt\", \"stories\": 30, \"held_out\": false}]"));
  const auto content = content_of(folder.path());
  CHECK(content.size() == 3);
  CHECK(content.at("one.txt") == content.at("two.txt"));
  CHECK(content.at("one.txt") != content.at("three.txt"));
}

TEST_CASE("corpus replaces files only when forced, and without held-out stories writes one file") {
  const TemporaryFolder folder;
  write(folder / "toy/train.txt", "mine\n");
  write(folder / "toy/held-out.txt", "older\n");
  printed(folder, {"corpus", "toy", "--out", "toy", "--stories", "20", "--held-out", "0", "--force"});
  const auto content = content_of(folder.path());
  CHECK(content.size() == 2);
  CHECK(content.at("toy/train.txt") != "mine\n");
}

TEST_CASE("corpus split parts the documents of a text as Gradus reads it") {
  const TemporaryFolder folder;
  // Ends of lines and empty lines of every kind, and a document of one sentence, which is not held out.
  write(folder / "text.txt",
        "\xEF\xBB\xBF\r\na1.\r\n a2.\r\n\u00A0\r\nb1.\u2028b2.\u2028\u3000\u2028one\r\r c1.\u0085c2.\n "
        "\t\nd1.\nd2.\t");
  CHECK(printed(folder, {"corpus", "split", "text.txt", "--out", "parts"}) ==
        "parts/train.txt: 3 documents\nparts/held-out.txt: 2 held-out documents\n");
  CHECK(gradus::read_file(folder / "parts/train.txt") == "a1.\na2.\n\none\n\nc1.\nc2.\n\n");
  CHECK(gradus::read_file(folder / "parts/held-out.txt") == "b1.\nb2.\n\nd1.\nd2.\n\n");

  std::string many;
  for (int i = 1; i <= 30; ++i) many += "d" + std::to_string(i) + "\nend\n\n";
  write(folder / "many.txt", many);
  const json result =
      json::parse(printed(folder, {"corpus", "split", "many.txt", "--out", "many", "--json"}));
  CHECK(result == json::parse(R"({"kind": "split", "files": [
      {"path": "many/train.txt", "documents": 27, "held_out": false},
      {"path": "many/held-out.txt", "documents": 3, "held_out": true}]})"));
  CHECK(gradus::read_file(folder / "many/held-out.txt") == "d10\nend\n\nd20\nend\n\nd30\nend\n\n");
  write(folder / "text.txt", many);
  printed(folder, {"corpus", "split", "text.txt", "--out", "parts", "--force"});
  CHECK(gradus::read_file(folder / "parts/train.txt") == gradus::read_file(folder / "many/train.txt"));
}

TEST_CASE("corpus --task writes what the library makes, and what simple guesses reach") {
  const TemporaryFolder folder;
  const std::string text =
      printed(folder, {"corpus", "toy", "--task", "questions", "--out", "a/set", "--examples", "150"});
  CHECK(text.starts_with(
      "a/set/train.json: 120 examples\na/set/validation.json: 15 examples\na/set/test.json: 15 examples\n"
      "exact match on the test        all   earlier      last      none\n"
      "no answer                    0.333     0.000     0.000     1.000\n"));
  for (const auto& file : gradus::bert::to_files(gradus::bert::toy_questions_task({.examples = 150})))
    CHECK(gradus::read_file(folder / ("a/set/" + file.name)) == file.bytes);
  CHECK(content_of(folder.path()).size() == 5);  // with the two folders

  const json result = json::parse(printed(folder, {"corpus", "toy", "--task", "coreference", "--out", "b",
                                                   "--examples", "120", "--seed", "4", "--json"}));
  CHECK(result["files"][2] == json::parse(R"({"path": "b/test.tsv", "examples": 12})"));
  CHECK(result["baselines"][0] == json::parse(R"({"name": "most frequent label", "all": 0.5, "by_kind":
      {"catch": 0.5, "fit": 0.5, "food": 0.5, "pairs": 0.0}})"));
  CHECK(gradus::read_file(folder / "b/test.tsv") ==
        gradus::bert::to_files(gradus::bert::toy_coreference_task({.examples = 120, .seed = 4}))[2].bytes);
}

TEST_CASE("docs/toy_world.md shows what corpus --task prints") {
  const std::string page = gradus::read_file(std::string(GRADUS_SOURCE) + "/docs/toy_world.md");
  for (const std::string& task : gradus::bert::toy_task_names()) {
    // Under the sanitizers the one that is made soonest.
    if (is_sanitized && task != "similarity") continue;
    const TemporaryFolder folder;
    std::istringstream out(
        printed(folder, {"corpus", "toy", "--task", task, "--out", task, "--examples", "4000"}));
    std::string table;
    int number = 0;
    for (std::string line; std::getline(out, line);)
      if (++number > 3) table += "    " + line + "\n";
    INFO(task << "\n" << table);
    const size_t section = page.find("\n## " + task + "\n");
    REQUIRE(section != std::string::npos);
    CHECK(page.substr(section, page.find("\n## ", section + 1) - section).find(table) != std::string::npos);
  }
}

TEST_CASE("vocab learns what the library learns") {
  const TemporaryFolder folder;
  const std::string text = "The ropes, the roses and the poses.\nThe rope rose.\n";
  write(folder / "text.txt", text);
  gradus::bert::WordCounter words;
  words.add(text);
  gradus::bert::VocabTrainerOptions how;
  how.vocab_size = 30;
  const Vocab expected = gradus::bert::train_vocab(words, how);

  CHECK(printed(folder, {"vocab", "text.txt", "--size", "30", "--out", "vocab.txt"}) ==
        "vocab.txt: 30 pieces from 13 words (9 distinct); 0 % of the text's 22 tokens are [UNK]\n");
  CHECK(gradus::bert::Tokenizer(expected).tokenize(text).size() == 22);
  CHECK(Vocab::load(folder / "vocab.txt") == expected);

  const json result =
      json::parse(printed(folder, {"vocab", "text.txt", "--size", "30", "--out", "tokenizer/", "--json"}));
  CHECK(result ==
        json::parse("{\"path\": \"tokenizer/vocab.txt\", \"pieces\": 30, \"cased\": false, \"words\": 13, "
                    "\"distinct_words\": 9, \"characters_left_out\": 0, \"share_left_out\": 0, "
                    "\"examples_left_out\": [], \"tokens\": 22, \"share_unknown\": 0}"));
  CHECK(gradus::bert::load_tokenizer(folder / "tokenizer").vocab() == expected);
}

TEST_CASE("vocab keeps capitals when asked, and writes down its steps") {
  const TemporaryFolder folder;
  write(folder / "one.txt", "Anna saw Anna.\n");
  write(folder / "two.txt", "Anna ran.\n");
  const ProgramResult result = call_gradus(
      folder.path(), {"vocab", "one.txt", "two.txt", "--cased", "--out", "cased/", "--merges", "merges.txt"});
  CHECK(result.exit_code == 0);
  CHECK(result.errors.find("The text gives no more than") == 0);
  const gradus::bert::Tokenizer tokenizer = gradus::bert::load_tokenizer(folder / "cased");
  CHECK(tokenizer.vocab().find("Anna").has_value());
  CHECK_FALSE(tokenizer.vocab().find("anna").has_value());
  CHECK_FALSE(tokenizer.normalizer().lowercase);
  const std::string merges = gradus::read_file(folder / "merges.txt");
  CHECK(merges.find("\tAnna\t3\n") != std::string::npos);
}

TEST_CASE("vocab and pretrain say which characters a vocabulary leaves out, and how many pieces it has") {
  const TemporaryFolder folder;
  // 40 ideographs: the first twenty stand there four times, the others once; and a few of ASCII.
  std::string text;
  for (int times = 0; times < 4; ++times) {
    for (char32_t c = 0x4E00; c < (times == 0 ? 0x4E28 : 0x4E14); ++c) gradus::bert::append_utf8(text, c);
    text += " ab.\nzz\n\n";
  }
  write(folder / "text.txt", text);
  const auto learn = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"vocab", "text.txt", "--out", "vocab.txt", "--force"});
    return call_gradus(folder.path(), more);
  };
  const ProgramResult all = learn({"--size", "60"});
  CHECK(all.out ==
        "vocab.txt: 53 pieces from 112 words (43 distinct); 0 % of the text's 112 tokens are [UNK]\n");
  CHECK(all.errors == "The text gives no more than 53 pieces that it holds at least 2 times.\n");
  const ProgramResult some = learn({"--size", "40"});
  CHECK(some.out.starts_with("vocab.txt: 40 pieces from 112 words (43 distinct); "));
  CHECK(some.errors.find(" of the text's characters, ") != std::string::npos);
  CHECK(some.errors.find("[UNK], and a larger --size keeps more\n") != std::string::npos);
  CHECK(some.errors.find("no more than") == std::string::npos);
  const ProgramResult limited = learn({"--size", "60", "--alphabet", "24"});
  // Each of the 20 characters is a word of its own, and stands there once: 20 of 112 tokens.
  CHECK(limited.out ==
        "vocab.txt: 33 pieces from 112 words (43 distinct); 18 % of the text's 112 tokens are [UNK]\n");
  CHECK(limited.errors.find(
            "20 of the text's characters, 17 % of all that stand there, are left out, such as ") == 0);
  CHECK(limited.errors.find(
            "[UNK], and a larger --alphabet keeps more\nThe text gives no more than 33 pieces that "
            "it holds at least 2 times.\n") != std::string::npos);
  const json figures = json::parse(learn({"--size", "60", "--alphabet", "24", "--json"}).out);
  CHECK(figures["characters_left_out"] == 20);
  CHECK(figures["examples_left_out"].size() == 5);
  CHECK(figures["tokens"] == 112);
  CHECK(figures["share_unknown"].get<double>() == 20.0 / 112);

  const ProgramResult run = call_gradus(
      folder.path(),
      {"pretrain", "text.txt", "--out",    "model", "--vocab-size", "60", "--alphabet", "24",
       "--steps",  "1",        "--warmup", "0",     "--hidden",     "8",  "--layers",   "1",
       "--heads",  "1",        "--length", "16",    "--slots",      "32", "--no-nsp",   "--held-out-fraction",
       "0"});
  INFO(run.errors);
  CHECK(run.exit_code == 0);
  CHECK(run.errors.find(
            "a vocabulary of 33 pieces was learned from 112 words\n20 of the text's characters, ") !=
        std::string::npos);
}

TEST_CASE("vocab replaces a vocabulary only when forced") {
  const TemporaryFolder folder;
  write(folder / "text.txt", "some words, some more words\n");
  write(folder / "vocab.txt", "mine\n");
  printed(folder, {"vocab", "text.txt", "--size", "20", "--out", "vocab.txt", "--force"});
  CHECK(Vocab::load(folder / "vocab.txt").size() == 20);
}

TEST_CASE("tokenize prints ids, places and pieces") {
  const TemporaryFolder folder;
  write(folder / "vocab.txt", pieces);
  CHECK(printed(folder, {"tokenize", "--vocab", "vocab.txt", "The dogs."}) ==
        "     id   characters  piece\n"
        "      2               [CLS]\n"
        "      5          0-3  the\n"
        "      6          4-7  dog\n"
        "      7          7-8  ##s\n"
        "      8          8-9  .\n"
        "      3               [SEP]\n");
  CHECK(printed(folder, {"tokenize", "--vocab", "vocab.txt", "--bare", "--cased", "The", "caf\xC3\xA9"}) ==
        "     id   characters  piece\n"
        "     11          0-3  The\n"
        "\n"
        "     id   characters  piece\n"
        "      9          0-4  caf\xC3\xA9\n");
  // Behind -- everything is text.
  CHECK(printed(folder, {"tokenize", "--vocab", "vocab.txt", "--bare", "--", "--dog"}).find("dog") !=
        std::string::npos);
}

TEST_CASE("tokenize prints pairs as JSON, cut to a length") {
  const TemporaryFolder folder;
  write(folder / "vocab.txt", pieces);
  const json pair = json::parse(
      printed(folder, {"tokenize", "--vocab", "vocab.txt", "--json", "the dog", "--pair", "cafe"}));
  CHECK(pair["texts"].size() == 1);
  const json text = pair["texts"][0];
  CHECK(text["text"] == "the dog");
  CHECK(text["pair"] == "cafe");
  CHECK(text["pieces"] == json({"[CLS]", "the", "dog", "[SEP]", "cafe", "[SEP]"}));
  CHECK(text["ids"] == json({2, 5, 6, 3, 10, 3}));
  CHECK(text["token_type_ids"] == json({0, 0, 0, 0, 1, 1}));
  CHECK(text["offsets"] == json::parse("[[0,0],[0,3],[4,7],[0,0],[0,4],[0,0]]"));
  CHECK(text["special_tokens_mask"] == json({true, false, false, true, false, true}));

  const json cut = json::parse(
      printed(folder, {"tokenize", "--vocab", "vocab.txt", "--json", "the dog . . .", "--max-length", "4"}));
  CHECK(cut["texts"][0]["ids"] == json({2, 5, 6, 3}));
}

TEST_CASE("tokenize reads a line at a time from a file or standard input") {
  const TemporaryFolder folder;
  write(folder / "vocab.txt", pieces);
  write(folder / "text.txt", "the\r\n\n  dog  \n");
  const std::vector<std::string> call = {"tokenize", "--vocab", "vocab.txt", "--json", "--bare"};
  const auto with = [&call](std::vector<std::string> more) {
    more.insert(more.begin(), call.begin(), call.end());
    return more;
  };
  const json from_file = json::parse(printed(folder, with({"--file", "text.txt"})));
  REQUIRE(from_file["texts"].size() == 2);
  CHECK(from_file["texts"][0]["ids"] == json({5}));
  CHECK(from_file["texts"][1]["ids"] == json({6}));
  CHECK(json::parse(printed(folder, call, "printf 'the\\ndog' |")) == from_file);
  CHECK(json::parse(printed(folder, with({"--file", "-"}), "printf 'the\\ndog' |")) == from_file);
}

TEST_CASE("inspect shows the config, the tensors and their sizes") {
  const std::filesystem::path fixtures = GRADUS_FIXTURES;
  const TemporaryFolder folder;
  std::filesystem::copy(fixtures / "bert/f32", folder / "model");
  const json config = json::parse(gradus::read_file(folder / "model/config.json"));
  const json found = json::parse(printed(folder, {"inspect", "model", "--json"}));
  CHECK(found["path"] == "model");
  for (const std::string key : {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads",
                                "intermediate_size", "max_position_embeddings"}) {
    CHECK(found["config"][key] == config[key]);
  }
  CHECK(found["tokenizer"].is_null());
  REQUIRE(found["weights"].size() == 1);
  const json weights = found["weights"][0];
  CHECK(weights["path"] == "model/model.safetensors");
  CHECK(weights["bytes"] == std::filesystem::file_size(folder / "model/model.safetensors"));
  int64_t numbers = 0;
  bool has_embeddings = false;
  for (const json& tensor : weights["tensors"]) {
    int64_t product = 1;
    for (const json& size : tensor["shape"]) product *= size.get<int64_t>();
    CHECK(tensor["numbers"] == product);
    numbers += product;
    const std::string name = tensor["name"];
    if (name.find("word_embeddings.weight") == std::string::npos) continue;
    has_embeddings = true;
    CHECK(tensor["dtype"] == "F32");
    CHECK(tensor["shape"] == json({config["vocab_size"], config["hidden_size"]}));
  }
  CHECK(has_embeddings);
  CHECK(weights["numbers"] == numbers);

  const std::string text = printed(folder, {"inspect", "model"});
  CHECK(text.rfind("config\n", 0) == 0);
  CHECK(text.find("word_embeddings.weight\n") != std::string::npos);
}

TEST_CASE("inspect shows a tokenizer's folder, shards, and a file alone") {
  const std::filesystem::path fixtures = GRADUS_FIXTURES;
  const TemporaryFolder folder;
  write(folder / "tokenizer/vocab.txt", pieces);
  CHECK(printed(folder, {"inspect", "tokenizer"}) ==
        "tokenizer\n  12 pieces, lower case, accents stripped\n");

  std::filesystem::copy(fixtures / "bert/shards", folder / "shards");
  CHECK(json::parse(printed(folder, {"inspect", "shards", "--json"}))["weights"].size() == 3);

  std::filesystem::copy_file(fixtures / "nn/types.safetensors", folder / "types.safetensors");
  const json file = json::parse(printed(folder, {"inspect", "types.safetensors", "--json"}));
  CHECK(file["config"].is_null());
  CHECK(file["weights"].size() == 1);
}

TEST_CASE("inspect compares two folders: config, vocabularies, names, shapes and numbers") {
  const std::filesystem::path fixtures = GRADUS_FIXTURES;
  const TemporaryFolder folder;
  std::filesystem::copy(fixtures / "bert/small", folder / "one");
  std::filesystem::copy(fixtures / "bert/small", folder / "two");
  const json same = json::parse(printed(folder, {"inspect", "one", "two", "--json"}));
  CHECK(same["paths"] == json({"one", "two"}));
  CHECK(same["config"] == json::object());
  CHECK(same["tokenizer"] == json::parse("{\"same_pieces\": true, \"pieces\": [48, 48]}"));
  CHECK(same["weights"]["same"] == true);
  CHECK(same["weights"]["largest_difference"] == 0);
  CHECK(same["weights"]["tensors"].size() > 30);

  gradus::nn::StateDict state = gradus::nn::read_safetensors(folder / "two/model.safetensors");
  gradus::Tensor bias = state.at("bert.pooler.dense.bias");
  const float before = bias.to_vector<float>()[3];
  bias.mutable_data<float>()[3] = before + 0.5F;
  state.erase("cls.seq_relationship.bias");
  gradus::nn::write_safetensors(folder / "two/model.safetensors", state);
  std::string config = gradus::read_file(folder / "two/config.json");
  config.replace(config.find("\"hidden_act\": \"gelu\""), 20, "\"hidden_act\": \"relu\"");
  write(folder / "two/config.json", config);
  std::string words = gradus::read_file(folder / "two/vocab.txt");
  words.replace(words.find("\ncat\n"), 5, "\ncow\n");
  std::filesystem::remove(folder / "two/tokenizer.json");
  write(folder / "two/vocab.txt", words);

  const json other = json::parse(printed(folder, {"inspect", "one", "two", "--json"}));
  CHECK(other["config"] == json::parse("{\"hidden_act\": [\"gelu\", \"relu\"]}"));
  CHECK(other["tokenizer"]["same_pieces"] == false);
  CHECK(other["weights"]["same"] == false);
  CHECK(other["weights"]["only_first"] == json({"cls.seq_relationship.bias"}));
  CHECK(other["weights"]["only_second"] == json::array());
  CHECK(other["weights"]["largest_difference"] == Approx(0.5));
  const std::string text = printed(folder, {"inspect", "one", "two"});
  CHECK(text.find("config\n  hidden_act: \"gelu\" and \"relu\"\ntokenizer\n  48 pieces and 48; the first "
                  "that differs is "
                  "number 8: 'cat' and 'cow'\nweights\n  only in one: cls.seq_relationship.bias\n") == 0);
  CHECK(text.find("       0.5  [24]              bert.pooler.dense.bias\n") != std::string::npos);
  CHECK(text.find("compared; the largest difference is 0.5, in bert.pooler.dense.bias\n") !=
        std::string::npos);
}

TEST_CASE("inspect compares checkpoints whoever wrote them, and files as they are") {
  const std::filesystem::path fixtures = GRADUS_FIXTURES;
  const TemporaryFolder folder;
  std::filesystem::copy(fixtures / "bert/f32", folder / "f32");
  std::filesystem::copy(fixtures / "bert/f16", folder / "f16");
  std::filesystem::copy(fixtures / "bert/bare",
                        folder / "bare");  // the names have no prefix, and there is no head
  std::filesystem::copy(fixtures / "bert/shards", folder / "shards");
  CHECK(json::parse(printed(folder, {"inspect", "f32", "f16", "--json"}))["weights"]["same"] == true);
  CHECK(json::parse(printed(folder, {"inspect", "shards", "f32", "--json"}))["weights"]["same"] == true);
  const json bare = json::parse(printed(folder, {"inspect", "bare", "f32", "--json"}))["weights"];
  CHECK(bare["only_first"] == json::array());
  CHECK(bare["largest_difference"] == 0);
  for (const json& name : bare["only_second"]) CHECK(name.get<std::string>().rfind("cls.", 0) == 0);
  const json files = json::parse(
      printed(folder, {"inspect", "bare/model.safetensors", "f32/model.safetensors", "--json"}))["weights"];
  CHECK(files["tensors"] == json::array());
  CHECK(files["only_first"].size() > 10);
  for (const json& name : files["only_first"]) CHECK(name.get<std::string>().rfind("bert.", 0) != 0);
  CHECK(files["largest_difference"].is_null());

  write(folder / "words/vocab.txt", pieces);
  const std::string text = printed(folder, {"inspect", "words", "f32"});
  CHECK(text.find("config\n  only f32 has one\ntokenizer\n  only words has one\nweights\n  only in f32: ") ==
        0);
  CHECK(text.find("  no tensor is in both with the same shape\n") != std::string::npos);
  CHECK(printed(folder, {"inspect", "words", "words"}) == "tokenizer\n  the same 12 pieces\n");
}

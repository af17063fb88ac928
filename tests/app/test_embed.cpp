// What embed writes and prints, beside what the library gives.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "autograd/npy.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/evaluation/features.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

const std::string model = GRADUS_FIXTURES "/bert/small";
const std::vector<std::string> texts = {"the dog likes a small red fox", "", "by far", "a cat"};

std::vector<bert::TextFeatures> expected(const bert::FeatureOptions& how) {
  return bert::features(bert::load_bert(model).model, bert::load_tokenizer(model), texts, how);
}

std::vector<float> numbers(const Tensor& x) { return x.to_vector<float>(); }

/// A folder with the texts, a line each.
struct World {
  TemporaryFolder folder;
  World() {
    std::string lines;
    for (const std::string& text : texts) lines += text + "\n";
    write(folder / "lines.txt", lines);
  }
  /// What `gradus embed` of the lines says, which must succeed and complain of nothing but the empty line.
  std::string embed(const std::vector<std::string>& options, const std::string& input = "") const {
    std::vector<std::string> call = {"embed", model};
    call.insert(call.end(), options.begin(), options.end());
    const ProgramResult result = call_gradus(folder.path(), call, input);
    CHECK(result.errors ==
          "gradus embed: 1 of 4 texts is empty: what is given there is of [CLS] and [SEP] alone\n");
    CHECK(result.exit_code == 0);
    return result.out;
  }
};

}  // namespace

TEST_CASE("embed prints the library's vectors to the last bit, a text a line in their order") {
  const World world;
  const auto want = expected({.layers = {0, -1}, .mean_of_layers = true, .normalize = true});
  const std::vector<std::string> how = {"--layers", "0,-1", "--combine", "mean", "--normalize"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), how.begin(), how.end());
    return more;
  };
  std::istringstream lines(world.embed(with({"--file", "lines.txt", "--json"})));
  size_t text = 0;
  std::string table;
  for (std::string line; std::getline(lines, line); ++text) {
    const auto object = nlohmann::json::parse(line);
    CHECK(object.at("text") == texts.at(text));
    CHECK(object.at("vector").get<std::vector<float>>() == numbers(want[text].vectors));
    table += fmt::format("{}\n", fmt::join(numbers(want[text].vectors), "\t"));
  }
  CHECK(text == texts.size());
  CHECK(world.embed(with({"--file", "lines.txt"})) == table);
  CHECK(world.embed(with({}), "cat lines.txt |") == table);
  CHECK(world.embed(with({"--file", "-"}), "cat lines.txt |") == table);
  std::vector<std::string> arguments = with({});
  arguments.insert(arguments.begin(), texts.begin(), texts.end());
  CHECK(world.embed(arguments) == table);
}

TEST_CASE("embed prints the vectors of tokens with their pieces") {
  const World world;
  const auto want = expected({.layers = {1}, .pooling = bert::Pooling::none});
  std::string table, json;
  for (size_t text = 0; text < texts.size(); ++text) {
    std::string pieces, vectors;
    for (size_t i = 0; i < want[text].pieces.size(); ++i) {
      const auto own = numbers(want[text].vectors.select(0, static_cast<int64_t>(i)));
      table += fmt::format("{}\t{}\t{}\n", text + 1, want[text].pieces[i], fmt::join(own, "\t"));
      pieces += fmt::format("{}\"{}\"", i == 0 ? "" : ",", want[text].pieces[i]);
      vectors += fmt::format("{}[{}]", i == 0 ? "" : ",", fmt::join(own, ","));
    }
    json +=
        fmt::format("{{\"text\":\"{}\",\"pieces\":[{}],\"vectors\":[{}]}}\n", texts[text], pieces, vectors);
  }
  const std::vector<std::string> call = {"--file", "lines.txt", "--vectors", "tokens", "--layers", "1"};
  CHECK(world.embed(call) == table);
  CHECK(world.embed({"--file", "lines.txt", "--vectors", "tokens", "--layers", "1", "--json"}) == json);
}

TEST_CASE(
    "embed writes one array: a vector a text, or the tokens with zeros behind and their number beside") {
  const World world;
  const auto max = expected({.pooling = bert::Pooling::max});
  CHECK(world.embed({"--file", "lines.txt", "--vectors", "max", "--out", "max.npy"}) ==
        "max.npy: [4, 24] of 4 texts\n");
  const Tensor rows = read_npy(world.folder / "max.npy");
  const auto tokens = expected({.layers = {-2, -1}, .pooling = bert::Pooling::none});
  CHECK(world.embed({"--file", "lines.txt", "--vectors", "tokens", "--layers", "last2", "--out", "t.npy",
                     "--json"}) ==
        "{\"path\":\"t.npy\",\"texts\":4,\"shape\":[4,9,24],\"lengths\":\"t.lengths.npy\"}\n");
  const Tensor all = read_npy(world.folder / "t.npy");
  REQUIRE(all.shape() == Shape{4, 9, 24});
  CHECK(read_npy(world.folder / "t.lengths.npy").to_vector<int64_t>() == std::vector<int64_t>{9, 2, 4, 4});
  for (size_t text = 0; text < texts.size(); ++text) {
    const auto row = static_cast<int64_t>(text), length = tokens[text].vectors.size(0);
    CHECK(numbers(rows.select(0, row)) == numbers(max[text].vectors));
    CHECK(numbers(all.select(0, row).slice(0, 0, length)) == numbers(tokens[text].vectors));
    const std::vector<float> behind = numbers(all.select(0, row).slice(0, length, 9));
    CHECK(behind == std::vector<float>(behind.size(), 0));
  }
  CHECK(content_of(world.folder.path()).size() == 4);  // and no file beside these
}

TEST_CASE("embed keeps the order and the numbers of texts where they are more than are taken at once") {
  const TemporaryFolder folder;
  std::string lines;
  for (int i = 0; i < 4100; ++i) lines += i % 3 == 0 ? "the dog likes a small fox\n" : "by far\n";
  write(folder / "lines.txt", lines + "a cat\n");
  const ProgramResult result = call_gradus(
      folder.path(), {"embed", model, "--file", "lines.txt", "--vectors", "tokens", "--layers", "0"});
  CHECK(result.errors == "");
  std::istringstream table(result.out);
  std::vector<std::string> numbers, pieces;
  for (std::string number, piece, rest; table >> number >> piece && std::getline(table, rest);) {
    numbers.push_back(number);
    pieces.push_back(piece);
  }
  REQUIRE(pieces.size() == 1367 * 8 + 2733 * 4 + 4);
  CHECK(numbers.front() == "1");
  CHECK(std::count(numbers.begin(), numbers.end(), "4097") == 4);  // the first of the second lot: "by far"
  CHECK(std::count(numbers.begin(), numbers.end(), "4099") == 8);
  CHECK(std::vector<std::string>(numbers.end() - 4, numbers.end()) == std::vector<std::string>(4, "4101"));
  CHECK(pieces[pieces.size() - 2] == "cat");
}

TEST_CASE("similarity refuses a cure that was fitted to other vectors than those of the call") {
  const TemporaryFolder folder;
  write(folder / "pairs.tsv", "text\tpair\nthe dog\tthe cat\na fox\ta small dog\nby far\ta cat\n");
  const auto call = [&](const std::string& of, std::vector<std::string> options) {
    options.insert(options.begin(), {"similarity", of, "pairs.tsv"});
    return call_gradus(folder.path(), options);
  };
  CHECK(call(model, {"--cure", "centre", "--save", "cure"}).exit_code == 0);
  const ProgramResult used = call(model, {"--use", "cure"});
  CHECK(used.exit_code == 0);
  CHECK(call(model, {"--use", "cure", "--layers", "2"}).out == used.out);  // the last of two
  const ProgramResult other_layer = call(model, {"--use", "cure", "--layers", "1"});
  CHECK(other_layer.exit_code == 2);
  CHECK(other_layer.errors ==
        "gradus similarity: --use: cure was fitted to --layers 2; give the same, or fit another cure\n");

  const auto opened = bert::load_bert(model);
  const bert::Tokenizer tokenizer = bert::load_tokenizer(model);
  {
    const NoGrad no_tape;
    Tensor weight = opened.model.embeddings.word_embeddings.weight;
    weight.add_(ones(weight.shape()), 0.01);
  }
  bert::save_pretrained(folder / "moved", opened.model, &tokenizer);
  const ProgramResult other_model = call("moved", {"--use", "cure"});
  CHECK(other_model.exit_code == 2);
  CHECK(other_model.errors ==
        "gradus similarity: --use: cure was fitted to other weights than those of moved; fit one to this "
        "model with --cure\n");
}

TEST_CASE("similarity says what a fit cannot do, and takes the texts of a table for it") {
  const TemporaryFolder folder;
  write(folder / "pairs.tsv",
        "text\tpair\tscore\nthe dog\tthe cat\t1\na fox\ta small dog\t2\nby far\ta cat\t0\n");
  write(folder / "others.tsv", "text\tpair\nthe fox\tthe dog\na fox\tby far\n");
  write(folder / "others.txt", "the fox\na fox\nthe dog\nby far\n");
  write(folder / "one.txt", "the fox\n");
  const auto call = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"similarity", model, "pairs.tsv"});
    return call_gradus(folder.path(), options);
  };
  const std::string flattered =
      "gradus similarity: warning: the cure is fitted to the texts that it is scored on, which flatters it; "
      "--fit "
      "names others\n";
  CHECK(call({"--score", "--cure", "centre"}).errors == flattered);
  CHECK(call({"--cure", "centre"}).errors == "");  // no figure is claimed
  const ProgramResult table = call({"--score", "--cure", "centre", "--fit", "others.tsv"});
  CHECK(table.exit_code == 0);
  CHECK(table.errors == "");
  CHECK(table.out == call({"--score", "--cure", "centre", "--fit", "others.txt"}).out);
  const ProgramResult few = call({"--cure", "whiten", "--fit", "others.txt"});
  CHECK(few.exit_code == 0);
  CHECK(few.errors.starts_with("gradus similarity: warning: 4 texts are too few to whiten vectors of "));
  CHECK(call({"--cure", "centre", "--fit", "one.txt"}).errors ==
        "gradus similarity: --cure is fitted to two texts or more, and one.txt has one\n");
  const ProgramResult many = call({"--cure", "remove", "--components", "500"});
  CHECK(many.exit_code == 2);
  CHECK(many.errors.starts_with("gradus similarity: --components 500: the vectors have "));
}

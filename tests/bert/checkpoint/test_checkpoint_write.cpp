// Folders that are written: as Hugging Face has them, whole or not at all.
#include <fstream>
#include <set>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "support/catch.hpp"
#include "support/model_folders.hpp"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

TEST_CASE("checkpoint: a saved folder holds Hugging Face's names and files, and loads again") {
  const TemporaryFolder home;
  const auto loaded = bert::load_for_pretraining(model_fixtures / "small");
  const bert::Tokenizer tokenizer = bert::load_tokenizer(model_fixtures / "small");
  const fs::path folder = home / "deep" / "out";
  bert::save_pretrained(folder, loaded.model, &tokenizer);
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.insert(entry.path().filename().string());
  CHECK(files == std::set<std::string>{"config.json", "model.safetensors", "tokenizer.json",
                                       "tokenizer_config.json", "vocab.txt"});
  CHECK(read_file(folder / "vocab.txt") == read_file(model_fixtures / "small" / "vocab.txt"));

  const nn::SafetensorsFile ours(folder / "model.safetensors"),
      theirs(model_fixtures / "small" / "model.safetensors");
  CHECK(ours.metadata() == std::map<std::string, std::string>{{"format", "pt"}});
  REQUIRE(ours.entries().size() == theirs.entries().size());
  for (const auto& [name, entry] : theirs.entries()) {
    INFO(name);
    REQUIRE(ours.contains(name));
    CHECK(ours.entries().at(name).shape == entry.shape);
    CHECK(ours.entries().at(name).dtype == "F32");
  }
  const auto again = bert::load_for_pretraining(folder);
  CHECK(again.warnings.empty());
  CHECK(again.model.bert.config == loaded.model.bert.config);
  CHECK(same(again.model.state_dict(), loaded.model.state_dict()));
  CHECK(bert::load_tokenizer(folder).vocab().pieces() == tokenizer.vocab().pieces());
}

TEST_CASE("checkpoint: saving over a folder replaces it and leaves the rest") {
  const TemporaryFolder home;
  Rng rng(1);
  bert::Config config = small_config();
  const bert::Bert first(config, rng);
  const fs::path folder = home / "out/";
  bert::save_pretrained(folder, first);
  std::ofstream(folder / "training_state.json") << "{}";
  config.hidden_size = 24;
  const bert::Bert second(config, rng, /*with_pooler=*/false);
  second.to(DType::f64);
  bert::save_pretrained(folder, second);
  const auto loaded = bert::load_bert(folder);
  CHECK(loaded.model.config.hidden_size == 24);
  CHECK_FALSE(loaded.model.pooler.has_value());
  size_t files = 0;
  for (const auto& entry : fs::directory_iterator(folder)) files += entry.is_regular_file() ? 1 : 100;
  CHECK(files == 3);
}

TEST_CASE("checkpoint: a save that cannot succeed leaves what was there") {
  const TemporaryFolder home;
  Rng rng(1);
  const bert::Bert model(small_config(), rng);
  SECTION("the folder is a file") {
    std::ofstream(home / "out") << "mine";
    CHECK_THROWS_WITH(bert::save_pretrained(home / "out", model),
                      (home / "out").string() + ": is a file; a checkpoint needs a folder");
    CHECK(read_file(home / "out") == "mine");
  }
  SECTION("the tokenizer knows more pieces than the model") {
    const bert::Tokenizer tokenizer = bert::load_tokenizer(model_fixtures / "small");
    CHECK_THROWS_WITH(bert::save_pretrained(home / "out", model, &tokenizer),
                      "save_pretrained: the tokenizer has 48 pieces and the model only 20");
    CHECK_FALSE(fs::exists(home / "out"));
  }
  SECTION("a place that cannot be written") {
    CHECK_THROWS_AS(bert::save_pretrained("/proc/gradus/out", model), IoError);
  }
  SECTION("a file of the folder that cannot be replaced") {
    bert::save_pretrained(home / "out", model);
    fs::remove(home / "out" / "config.json");
    fs::create_directories(home / "out" / "config.json" / "x");
    CHECK_THROWS_AS(bert::save_pretrained(home / "out", model), IoError);
    size_t left = 0;
    for (const auto& entry : fs::directory_iterator(home / "out")) {
      left += entry.path().filename().string().starts_with(".saving") ? 1 : 0;
    }
    CHECK(left == 0);
  }
}

// What a folder that does not fit, or is damaged, is answered.
#include <fstream>

#include "autograd/file.hpp"
#include "bert/checkpoint/checkpoint.hpp"
#include "support/catch.hpp"
#include "support/model_folders.hpp"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

TEST_CASE("checkpoint: weights that do not fit are refused by name") {
  ModelFolder folder;
  SECTION("another vocabulary") {
    folder.tensors["bert.embeddings.word_embeddings.weight"] = zeros({17, 8});
    folder.write();
    CHECK(folder.error() ==
          "/model.safetensors: bert.embeddings.word_embeddings.weight is [17, 8], but config.json makes it "
          "[16, "
          "8]");
  }
  SECTION("another number of layers") {
    folder.tensors["bert.encoder.layer.1.output.dense.bias"] = zeros({8});
    folder.write();
    CHECK(folder.error() == "/model.safetensors: has 2 layers, but config.json says 1");
  }
  SECTION("a layer with a hole") {
    folder.tensors.erase("bert.encoder.layer.0.attention.self.key.weight");
    folder.tensors.erase("bert.embeddings.LayerNorm.bias");
    folder.write();
    CHECK(folder.error() ==
          "/model.safetensors: missing bert.embeddings.LayerNorm.bias, "
          "bert.encoder.layer.0.attention.self.key.weight");
  }
  SECTION("a misshaped matrix") {
    folder.tensors["bert.pooler.dense.weight"] = zeros({8, 9});
    folder.write();
    CHECK(folder.error() == "/model.safetensors: bert.pooler.dense.weight is [8, 9] and should be [8, 8]");
  }
  SECTION("whole numbers") {
    folder.tensors["bert.pooler.dense.bias"] = zeros({8}, DType::i64);
    folder.write();
    CHECK(folder.error() == "/model.safetensors: bert.pooler.dense.bias is i64 and should be f32");
  }
  SECTION("not a BERT") {
    folder.tensors = {{"transformer.h.0.attn.weight", zeros({2, 2})}};
    folder.write();
    CHECK(folder.error() ==
          "/model.safetensors: has no tensor bert.embeddings.word_embeddings.weight, so it is not a BERT");
  }
  SECTION("one tensor under two names") {
    folder.tensors["pooler.dense.bias"] = zeros({8});
    folder.write();
    CHECK(folder.error() == "/model.safetensors: bert.pooler.dense.bias is there under two names");
  }
}

TEST_CASE("checkpoint: a folder that is none, or damaged") {
  ModelFolder folder;
  folder.write();
  const fs::path file = folder.path / "model.safetensors";
  SECTION("no folder") {
    CHECK_THROWS_AS(bert::load_bert(folder.home / "nowhere"), IoError);
    CHECK_THROWS_WITH(bert::load_bert(folder.home / "nowhere"),
                      (folder.home / "nowhere").string() + ": there is no such folder");
  }
  SECTION("a file") {
    CHECK_THROWS_WITH(bert::load_bert(file), file.string() +
                                                 ": is a file; a checkpoint is a folder with config.json and "
                                                 "model.safetensors");
  }
  SECTION("nothing in it") {
    fs::remove(file);
    CHECK(folder.error() == ": holds no model.safetensors");
  }
  SECTION("a pickle") {
    fs::rename(file, folder.path / "pytorch_model.bin");
    CHECK(
        folder.error() ==
        "/pytorch_model.bin: a pickle can run any code when it is opened, so Gradus does not; convert it in "
        "Python with transformers.AutoModelForPreTraining.from_pretrained(FOLDER).save_pretrained(FOLDER), "
        "which writes model.safetensors");
  }
  SECTION("no config") {
    fs::remove(folder.path / "config.json");
    CHECK_THROWS_AS(bert::load_bert(folder.path), IoError);
  }
  SECTION("cut short, at every kind of place") {
    const std::string whole = read_file(file);
    for (const size_t bytes : {size_t{0}, size_t{5}, size_t{100}, whole.size() / 2, whole.size() - 1}) {
      INFO(bytes);
      std::ofstream(file, std::ios::binary) << whole.substr(0, bytes);
      CHECK_THROWS_AS(bert::load_bert(folder.path), FormatError);
      CHECK(folder.error().starts_with("/model.safetensors: "));
    }
  }
}

TEST_CASE("checkpoint: shards that do not fit together") {
  const TemporaryFolder home;
  const fs::path folder = home / "shards", index = folder / "model.safetensors.index.json";
  fs::copy(model_fixtures / "shards", folder);
  const auto message = [&] {
    try {
      bert::load_for_pretraining(folder);
    } catch (const Error& e) {
      return std::string(e.what()).substr(folder.string().size());
    }
    return std::string("none");
  };
  SECTION("one is missing") {
    fs::remove(folder / "model-00002-of-00003.safetensors");
    CHECK_THROWS_AS(bert::load_for_pretraining(folder), IoError);
    CHECK_THROWS_WITH(
        bert::load_for_pretraining(folder),
        "cannot read " + (folder / "model-00002-of-00003.safetensors").string() + ": there is no such file");
  }
  SECTION("one tensor in two of them") {
    fs::copy_file(folder / "model-00001-of-00003.safetensors", folder / "model-00003-of-00003.safetensors",
                  fs::copy_options::overwrite_existing);
    CHECK(message().find(" is in two shards, one of them model-00003-of-00003.safetensors") !=
          std::string::npos);
  }
  SECTION("a way out of the folder") {
    std::ofstream(index) << R"({"weight_map": {"a": "../f32/model.safetensors"}})";
    CHECK(message() ==
          "/model.safetensors.index.json: the key \"weight_map.a\" is \"../f32/model.safetensors\", but must "
          "be "
          "the name of a file in the same folder");
  }
  SECTION("no list") {
    std::ofstream(index) << R"({"weight_map": {}})";
    CHECK(
        message() ==
        "/model.safetensors.index.json: the key \"weight_map\" is an object, but must be an object of names "
        "and files");
  }
}

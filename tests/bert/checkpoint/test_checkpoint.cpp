// Folders as Hugging Face writes them and as older programs did, and what a damaged one is answered.
#include "bert/checkpoint/checkpoint.hpp"

#include <fstream>
#include <set>

#include "autograd/file.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

namespace {

const fs::path fixtures_folder = GRADUS_FIXTURES "/bert";

/// A copy of the f32 fixture whose tensors can be changed.
struct Folder {
  TemporaryFolder home;
  fs::path path = home / "model";
  nn::StateDict tensors = nn::read_safetensors(fixtures_folder / "f32" / "model.safetensors");

  Folder() {
    fs::create_directory(path);
    fs::copy_file(fixtures_folder / "f32" / "config.json", path / "config.json");
  }
  void rename(const std::string& from, const std::string& to) {
    tensors[to] = tensors.at(from);
    tensors.erase(from);
  }
  void write() const { nn::write_safetensors(path / "model.safetensors", tensors, {{"format", "pt"}}); }
  bert::Loaded<bert::BertForPreTraining> load() const {
    write();
    return bert::load_for_pretraining(path);
  }
  /// The message that loading ends with, from the folder's name on.
  std::string error() const {
    try {
      bert::load_for_pretraining(path);
    } catch (const Error& e) {
      return tail(e.what());
    }
    return "none";
  }
  std::string tail(const std::string& text) const { return text.substr(path.string().size()); }
};

nn::StateDict weights_of(const char* folder) {
  return bert::load_for_pretraining(fixtures_folder / folder).model.state_dict();
}

bool same(const nn::StateDict& a, const nn::StateDict& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, value] : a) {
    if (!b.contains(name) || largest_difference(value, b.at(name)) != 0) return false;
  }
  return true;
}

std::string read_text(const fs::path& path) { return read_file(path); }

}  // namespace

TEST_CASE("checkpoint: single, half and double precision and shards hold the same model") {
  const nn::StateDict f32 = weights_of("f32");
  CHECK(f32.size() == 30);
  CHECK(f32.at("bert.pooler.dense.weight").dtype() == DType::f32);
  for (const char* folder : {"f16", "bf16", "f64", "shards"}) {
    INFO(folder);
    CHECK(bert::load_for_pretraining(fixtures_folder / folder).warnings.empty());
    CHECK(same(weights_of(folder), f32));
  }
}

TEST_CASE("checkpoint: the bare model loads from both kinds of folder, without a word about heads") {
  const auto bare = bert::load_bert(fixtures_folder / "bare"),
             whole = bert::load_bert(fixtures_folder / "f32");
  CHECK(bare.warnings.empty());
  CHECK(whole.warnings.empty());
  CHECK(bare.model.pooler.has_value());
  CHECK(same(bare.model.state_dict(), whole.model.state_dict()));
}

TEST_CASE("checkpoint: missing heads are fresh, and named") {
  const auto loaded = bert::load_for_pretraining(fixtures_folder / "bare");
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0] ==
        (fixtures_folder / "bare" / "model.safetensors").string() +
            ": has no cls.predictions.bias, cls.predictions.transform.dense.weight, "
            "cls.predictions.transform.dense.bias, cls.predictions.transform.LayerNorm.weight, "
            "cls.predictions.transform.LayerNorm.bias, cls.seq_relationship.weight and 1 more; fresh weights "
            "stand there, which know nothing yet");
  CHECK(largest_difference(loaded.model.bert.state_dict().at("pooler.dense.weight"),
                           weights_of("f32").at("bert.pooler.dense.weight")) == 0);
}

TEST_CASE("checkpoint: a model without a pooler") {
  Folder folder;
  folder.tensors.erase("bert.pooler.dense.weight");
  folder.tensors.erase("bert.pooler.dense.bias");
  const auto loaded = folder.load();
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(folder.tail(loaded.warnings[0]) ==
        "/model.safetensors: has no bert.pooler.dense.weight, bert.pooler.dense.bias; fresh weights stand "
        "there, which know nothing yet");
  const auto bare = bert::load_bert(folder.path);
  CHECK(bare.warnings.empty());
  CHECK_FALSE(bare.model.pooler.has_value());
}

TEST_CASE("checkpoint: older names and aliases") {
  Folder folder;
  const nn::StateDict f32 = weights_of("f32");
  SECTION("gamma and beta") {
    for (const std::string place :
         {"bert.embeddings", "bert.encoder.layer.0.output", "cls.predictions.transform"}) {
      folder.rename(place + ".LayerNorm.weight", place + ".LayerNorm.gamma");
      folder.rename(place + ".LayerNorm.bias", place + ".LayerNorm.beta");
    }
  }
  SECTION("position_ids") {
    folder.tensors["bert.embeddings.position_ids"] = arange(8).reshape({1, 8});
    folder.tensors["embeddings.position_ids"] = arange(8).reshape({1, 8});
  }
  SECTION("a decoder that says what is known") {
    folder.tensors["cls.predictions.decoder.weight"] =
        folder.tensors.at("bert.embeddings.word_embeddings.weight").clone();
    folder.tensors["cls.predictions.decoder.bias"] = folder.tensors.at("cls.predictions.bias").clone();
  }
  SECTION("a bias that only the decoder has") {
    folder.rename("cls.predictions.bias", "cls.predictions.decoder.bias");
  }
  const auto loaded = folder.load();
  CHECK(loaded.warnings.empty());
  CHECK(same(loaded.model.state_dict(), f32));
}

TEST_CASE("checkpoint: names that a wrapper of PyTorch has lengthened are read, and named") {
  for (const std::string wrapper : {"module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module."}) {
    Folder folder;
    nn::StateDict wrapped;
    for (const auto& [name, value] : folder.tensors) wrapped.emplace(wrapper + name, value);
    folder.tensors = wrapped;
    const auto loaded = folder.load();
    REQUIRE(loaded.warnings.size() == 1);
    CHECK(
        loaded.warnings[0].ends_with("model.safetensors: the names begin with \"" + wrapper +
                                     "\", which PyTorch's wrapper of the model has put there; they are read "
                                     "without it"));
    CHECK(same(loaded.model.state_dict(), weights_of("f32")));
  }
  Folder twice;
  twice.tensors["module.cls.predictions.bias"] = twice.tensors.at("cls.predictions.bias").clone();
  CHECK_THROWS_WITH(twice.load(),
                    Catch::Matchers::EndsWith(": cls.predictions.bias is there under two names"));
}

TEST_CASE("checkpoint: a decoder of its own stays its own, there and back") {
  Folder folder;
  const Tensor decoder = full({16, 8}, 0.5), bias = full({16}, 3);
  folder.tensors["cls.predictions.decoder.weight"] = decoder;
  folder.tensors["cls.predictions.decoder.bias"] = bias;
  const auto loaded = folder.load();
  REQUIRE(loaded.warnings.size() == 2);
  CHECK(
      folder.tail(loaded.warnings[0]) ==
      "/model.safetensors: cls.predictions.decoder.bias differs from cls.predictions.bias; the decoder's is "
      "used");
  CHECK(folder.tail(loaded.warnings[1]) ==
        "/model.safetensors: cls.predictions.decoder.weight differs from the word embeddings; it is kept "
        "apart");
  CHECK_FALSE(loaded.model.bert.config.tie_word_embeddings);
  CHECK(largest_difference(loaded.model.cls.predictions.decoder_weight, decoder) == 0);
  CHECK(largest_difference(loaded.model.cls.predictions.bias, bias) == 0);

  bert::save_pretrained(folder.home / "again", loaded.model);
  const auto again = bert::load_for_pretraining(folder.home / "again");
  CHECK(again.warnings.empty());
  CHECK(same(again.model.state_dict(), loaded.model.state_dict()));
}

TEST_CASE("checkpoint: a vocabulary padded to a multiple of 8 is cut to the config's") {
  Folder folder;
  const nn::StateDict f32 = weights_of("f32");
  for (const char* name : {"bert.embeddings.word_embeddings.weight", "cls.predictions.bias"}) {
    folder.tensors[name] = pad(folder.tensors.at(name), 0, 0, 8);
  }
  const auto loaded = folder.load();
  REQUIRE(loaded.warnings.size() == 2);
  CHECK(
      folder.tail(loaded.warnings[0]) ==
      "/model.safetensors: bert.embeddings.word_embeddings.weight has 24 rows for 16 pieces; the last 8 are "
      "left out");
  CHECK(same(loaded.model.state_dict(), f32));

  Folder more;  // nobody pads by 64 rows and more
  const char* const table = "bert.embeddings.word_embeddings.weight";
  more.tensors[table] = pad(more.tensors.at(table), 0, 0, 64);
  more.write();
  CHECK(more.error() ==
        fmt::format("/model.safetensors: {} is [80, 8], but config.json makes it [16, 8]", table));
}

TEST_CASE("checkpoint: weights of other heads are named as not used") {
  Folder folder;
  folder.tensors["classifier.weight"] = zeros({3, 8});
  const auto loaded = folder.load();
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(folder.tail(loaded.warnings[0]) == "/model.safetensors: this model has no use for classifier.weight");
}

TEST_CASE("checkpoint: weights that do not fit are refused by name") {
  Folder folder;
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
  Folder folder;
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
    const std::string whole = read_text(file);
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
  fs::copy(fixtures_folder / "shards", folder);
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

TEST_CASE("checkpoint: a saved folder holds Hugging Face's names and files, and loads again") {
  const TemporaryFolder home;
  const auto loaded = bert::load_for_pretraining(fixtures_folder / "small");
  const bert::Tokenizer tokenizer = bert::load_tokenizer(fixtures_folder / "small");
  const fs::path folder = home / "deep" / "out";
  bert::save_pretrained(folder, loaded.model, &tokenizer);
  std::set<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder)) files.insert(entry.path().filename().string());
  CHECK(files == std::set<std::string>{"config.json", "model.safetensors", "tokenizer.json",
                                       "tokenizer_config.json", "vocab.txt"});
  CHECK(read_text(folder / "vocab.txt") == read_text(fixtures_folder / "small" / "vocab.txt"));

  const nn::SafetensorsFile ours(folder / "model.safetensors"),
      theirs(fixtures_folder / "small" / "model.safetensors");
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
    CHECK(read_text(home / "out") == "mine");
  }
  SECTION("the tokenizer knows more pieces than the model") {
    const bert::Tokenizer tokenizer = bert::load_tokenizer(fixtures_folder / "small");
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

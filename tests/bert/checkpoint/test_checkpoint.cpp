// Folders as Hugging Face writes them and as older programs did.
#include "bert/checkpoint/checkpoint.hpp"

#include <cstring>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/model_folders.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

nn::StateDict weights_of(const char* folder) {
  return bert::load_for_pretraining(model_fixtures / folder).model.state_dict();
}

}  // namespace

TEST_CASE("checkpoint: single, half and double precision and shards hold the same model") {
  const nn::StateDict f32 = weights_of("f32");
  CHECK(f32.size() == 30);
  CHECK(f32.at("bert.pooler.dense.weight").dtype() == DType::f32);
  for (const char* folder : {"f16", "bf16", "f64", "shards"}) {
    INFO(folder);
    CHECK(bert::load_for_pretraining(model_fixtures / folder).warnings.empty());
    CHECK(same(weights_of(folder), f32));
  }
}

TEST_CASE("checkpoint: the bare model loads from both kinds of folder, without a word about heads") {
  const auto bare = bert::load_bert(model_fixtures / "bare"), whole = bert::load_bert(model_fixtures / "f32");
  CHECK(bare.warnings.empty());
  CHECK(whole.warnings.empty());
  CHECK(bare.model.pooler.has_value());
  CHECK(same(bare.model.state_dict(), whole.model.state_dict()));
}

TEST_CASE("checkpoint: missing heads are fresh, and named") {
  const auto loaded = bert::load_for_pretraining(model_fixtures / "bare");
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0] ==
        (model_fixtures / "bare" / "model.safetensors").string() +
            ": has no cls.predictions.bias, cls.predictions.transform.dense.weight, "
            "cls.predictions.transform.dense.bias, cls.predictions.transform.LayerNorm.weight, "
            "cls.predictions.transform.LayerNorm.bias, cls.seq_relationship.weight and 1 more; fresh weights "
            "stand there, which know nothing yet");
  CHECK(largest_difference(loaded.model.bert.state_dict().at("pooler.dense.weight"),
                           weights_of("f32").at("bert.pooler.dense.weight")) == 0);
  // Drawn as a new model draws them, and not what a model that is all loaded begins with.
  const uint64_t seed = 7;
  Rng rng(seed);
  const bert::BertForPreTraining drawn(loaded.model.bert.config, rng);
  const std::string name = "cls.predictions.transform.dense.weight";
  CHECK(same({{name, bert::load_for_pretraining(model_fixtures / "bare", seed).model.state_dict().at(name)}},
             {{name, drawn.state_dict().at(name)}}));
}

TEST_CASE("checkpoint: a model without a pooler") {
  ModelFolder folder;
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
  ModelFolder folder;
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

TEST_CASE("checkpoint: a tensor of another dtype is left out by name, and missed where it is of the model") {
  const ModelFolder folder;
  folder.write();
  const std::string file = (folder.path / "model.safetensors").string();
  std::string bytes = read_file(file);
  // Puts an entry of four bytes at the end of the header and of the data.
  const auto add = [&](const std::string& name) {
    uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    const uint64_t data = bytes.size() - 8 - length;
    std::string header = bytes.substr(8, length);
    header.erase(header.find_last_not_of(' '));  // the padding, and the last brace
    header += ",\"" + name + "\":{\"dtype\":\"F8_E5M2\",\"shape\":[2,2],\"data_offsets\":[" +
              std::to_string(data) + "," + std::to_string(data + 4) + "]}}";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    const uint64_t longer = header.size();
    bytes =
        std::string(reinterpret_cast<const char*>(&longer), 8) + header + bytes.substr(8 + length) + "abcd";
    write_file_atomically(file, bytes);
  };
  add("ema.shadow");
  const auto loaded = bert::load_for_pretraining(folder.path);
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(loaded.warnings[0] ==
        file + ": ema.shadow is F8_E5M2, which is not read; this model has no use for it");
  CHECK(same(loaded.model.state_dict(), weights_of("f32")));
  add("bert.odd");
  CHECK(folder.error() ==
        "/model.safetensors: tensor \"bert.odd\" has the dtype F8_E5M2; F64, F32, F16, BF16, "
        "I64, I32, I16, I8, U8 and BOOL can be read");
}

TEST_CASE("checkpoint: names that a wrapper of PyTorch has lengthened are read, and named") {
  for (const std::string wrapper :
       {"module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "model.", "model._orig_mod."}) {
    ModelFolder folder;
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
  ModelFolder twice;
  twice.tensors["module.cls.predictions.bias"] = twice.tensors.at("cls.predictions.bias").clone();
  CHECK_THROWS_WITH(twice.load(),
                    Catch::Matchers::EndsWith(": cls.predictions.bias is there under two names"));
}

TEST_CASE("checkpoint: a decoder of its own stays its own, there and back") {
  ModelFolder folder;
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
  ModelFolder folder;
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

  ModelFolder more;  // nobody pads by 64 rows and more
  const char* const table = "bert.embeddings.word_embeddings.weight";
  more.tensors[table] = pad(more.tensors.at(table), 0, 0, 64);
  more.write();
  CHECK(more.error() ==
        fmt::format("/model.safetensors: {} is [80, 8], but config.json makes it [16, 8]", table));
}

TEST_CASE("checkpoint: weights of other heads are named as not used") {
  ModelFolder folder;
  folder.tensors["classifier.weight"] = zeros({3, 8});
  const auto loaded = folder.load();
  REQUIRE(loaded.warnings.size() == 1);
  CHECK(folder.tail(loaded.warnings[0]) == "/model.safetensors: this model has no use for classifier.weight");
}

#include "bert/model/config.hpp"

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "autograd/file.hpp"
#include "support/catch.hpp"
#include "support/temporary_folder.hpp"

using namespace gradus;
using bert::Config;

namespace {

/// The config in a config.json that holds `text`.
Config read(const TemporaryFolder& folder, const std::string& text) {
  std::ofstream(folder / "config.json") << text;
  return bert::load_config(folder / "config.json");
}

std::string message_of(const TemporaryFolder& folder, const std::string& text) {
  try {
    read(folder, text);
  } catch (const FormatError& error) {
    return std::string(error.what()).substr((folder / "config.json").string().size());
  }
  return "";
}

}  // namespace

TEST_CASE("Config: the published sizes have heads of 64 and inner layers of 4 H") {
  const Config tiny = Config::named("tiny"), base = Config::named("base", 100);
  CHECK(tiny.num_hidden_layers == 2);
  CHECK(tiny.hidden_size == 128);
  CHECK(tiny.num_attention_heads == 2);
  CHECK(tiny.intermediate_size == 512);
  CHECK(tiny.vocab_size == 30522);
  CHECK(base.vocab_size == 100);
  CHECK(base.num_attention_heads == 12);
  CHECK(base.head_size() == 64);
  CHECK(Config::named("mini").num_attention_heads == 4);
  CHECK(Config::named("small").num_hidden_layers == 4);
  CHECK(Config::named("medium").num_hidden_layers == 8);
  CHECK_THROWS_WITH(Config::named("huge"),
                    "config: there is no size \"huge\"; the sizes are tiny, mini, small, medium and base");
}

TEST_CASE("Config: an impossible value is named in one sentence") {
  Config config = Config::named("tiny");
  const auto check = [&](const std::string& sentence) {
    CHECK(config.problem() == sentence);
    CHECK_THROWS_WITH(config.check(), "config: " + sentence);
  };
  CHECK(config.problem().empty());
  CHECK_NOTHROW(config.check());
  SECTION("heads") {
    config.num_attention_heads = 3;
    check("hidden_size 128 is not a multiple of num_attention_heads 3");
  }
  SECTION("sizes") {
    config.intermediate_size = 0;
    check("intermediate_size is 0, but must be between 1 and 2147483648");
    config.intermediate_size = int64_t{1} << 40;
    check("intermediate_size is 1099511627776, but must be between 1 and 2147483648");
  }
  SECTION("activation") {
    config.hidden_act = "tanh";
    check(
        "hidden_act \"tanh\" is not known; it must be gelu, gelu_new, relu or silu, or another of "
        "Hugging Face's names for one of them");
    CHECK_THROWS_WITH(
        config.activation(),
        "config: hidden_act \"tanh\" is not known; it must be gelu, gelu_new, relu or silu, or another of "
        "Hugging Face's names for one of them");
  }
  SECTION("probabilities") {
    config.hidden_dropout_prob = 1;
    check("hidden_dropout_prob is 1, but must be in [0, 1)");
  }
  SECTION("scale of the weights") {
    config.initializer_range = -1;
    check("initializer_range is -1, but must be 0 or more");
  }
  SECTION("eps") {
    config.layer_norm_eps = -1;
    check("layer_norm_eps is -1, but must be 0 or more");
  }
  SECTION("padding") {
    config.pad_token_id = 30522;
    check("pad_token_id is 30522, but must be one of the 30522 pieces");
  }
}

TEST_CASE("Config: activations by Hugging Face's names") {
  Config config;
  CHECK(config.activation() == Activation::gelu);
  config.hidden_act = "gelu_new";
  CHECK(config.activation() == Activation::gelu_tanh);
  config.hidden_act = "relu";
  CHECK(config.activation() == Activation::relu);
  config.hidden_act = "silu";
  CHECK(config.activation() == Activation::silu);
}

TEST_CASE("Config: an activation has the values that Hugging Face's name has, or is refused") {
  const auto fixture = nlohmann::json::parse(read_file(GRADUS_FIXTURES "/bert/activations.json"));
  const Tensor x = tensor(fixture["places"].get<std::vector<double>>());
  const std::set<std::string> others = {"gelu_10", "hardswish", "laplace",      "leaky_relu",
                                        "linear",  "mish",      "quick_gelu",   "relu2",
                                        "relu6",   "sigmoid",   "sqrtsoftplus", "tanh"};
  int known = 0;
  for (const auto& [name, values] : fixture["values"].items()) {
    INFO(name);
    Config config;
    config.hidden_act = name;
    if (others.contains(name)) {
      CHECK_FALSE(config.problem().empty());
      continue;
    }
    ++known;
    REQUIRE(config.problem().empty());
    const std::vector<double> ours = bias_activation(x, Tensor(), config.activation()).to_vector<double>();
    for (size_t i = 0; i < ours.size(); ++i) {
      CHECK(std::abs(ours[i] - values[i].get<double>()) < 1e-11);
    }
  }
  CHECK(known == 10);
}

TEST_CASE("config.json: absent keys have Hugging Face's defaults, unknown keys are passed over") {
  const TemporaryFolder folder;
  CHECK(read(folder, "{}") == Config{});
  const Config config = read(folder, R"({"model_type": "bert", "hidden_size": 64, "num_attention_heads": 4,
                                         "transformers_version": "5.0", "pad_token_id": null})");
  CHECK(config.hidden_size == 64);
  CHECK(config.num_hidden_layers == 12);
  CHECK(config.layer_norm_eps == 1e-12);
  CHECK(config.pad_token_id == 0);
}

TEST_CASE("config.json: what is written is read again") {
  const TemporaryFolder folder;
  Config config = Config::named("mini", 321);
  config.hidden_act = "gelu_new";
  config.layer_norm_eps = 1e-7;
  config.attention_probs_dropout_prob = 0.25;
  config.initializer_range = 0.05;
  config.max_position_embeddings = 64;
  config.tie_word_embeddings = false;
  config.pad_token_id = 3;
  CHECK(read(folder, bert::config_to_json(config, "BertModel")) == config);
  CHECK(bert::config_to_json(config, "BertModel").find("\"gradus\"") == std::string::npos);
  config.init = {true, false, true};
  CHECK(read(folder, bert::config_to_json(config, "BertModel")) == config);
  for (const auto& variant : {bert::Variant{.pre_norm = true}, bert::Variant{.gated = true}}) {
    config.variant = variant;
    const std::string text = bert::config_to_json(config, "BertModel");
    CHECK(read(folder, text) == config);
    CHECK(text.find("\"model_type\": \"gradus-bert\"") != std::string::npos);
    config.init = {};
    CHECK(read(folder, bert::config_to_json(config, "BertModel")) == config);
  }
}

TEST_CASE("config.json: one that transformers wrote") {
  const Config config = bert::load_config(GRADUS_FIXTURES "/bert/small/config.json");
  CHECK(config.vocab_size == 48);
  CHECK(config.hidden_size == 24);
  CHECK(config.num_attention_heads == 3);
  CHECK(config.intermediate_size == 40);
  CHECK(config.max_position_embeddings == 16);
  CHECK(config.initializer_range == 0.2);
  CHECK(config.hidden_dropout_prob == 0.1);
}

TEST_CASE("config.json: refusals name the file and the key") {
  const TemporaryFolder folder;
  CHECK(message_of(folder, R"({"model_type": "roberta"})") ==
        ": the key \"model_type\" is \"roberta\", but must be \"bert\", the only kind of model that Gradus "
        "reads");
  CHECK(message_of(folder, R"({"position_embedding_type": "relative_key"})") ==
        ": the key \"position_embedding_type\" is \"relative_key\", but must be \"absolute\": Gradus has no "
        "relative positions");
  CHECK(message_of(folder, R"({"is_decoder": true})") ==
        ": the key \"is_decoder\" is true, but must be false: Gradus reads encoders, not decoders");
  CHECK(message_of(folder, R"({"add_cross_attention": true})") ==
        ": the key \"add_cross_attention\" is true, but must be false: Gradus's BERT has no cross attention");
  CHECK(message_of(folder, R"({"hidden_act": "mish"})") ==
        ": hidden_act \"mish\" is not known; it must be gelu, gelu_new, relu or silu, or another of "
        "Hugging Face's names for one of them");
  CHECK(message_of(folder, R"({"num_attention_heads": 5})") ==
        ": hidden_size 768 is not a multiple of num_attention_heads 5");
  CHECK(message_of(folder, R"({"hidden_size": "big"})") ==
        ": the key \"hidden_size\" is \"big\", but must be a whole number below 2^63");
  CHECK(message_of(folder, "[1]") == ": must hold a JSON object");
  CHECK(message_of(folder, "{\"a\": ") == ": not valid JSON at line 1, byte 7");
  CHECK_THROWS_AS(bert::load_config(folder / "missing.json"), IoError);
}

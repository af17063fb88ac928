// What scripts/reference/parity.py compares with Hugging Face. Hidden: it runs only when it is asked for by
// its tag, with the folder to write to in GRADUS_PARITY.
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "bert/checkpoint/checkpoint.hpp"
#include "bert/text/lines.hpp"
#include "bert/tokenizer/tokenizer_files.hpp"
#include "nn/safetensors.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

namespace {

fs::path parity_folder() {
  const char* folder = std::getenv("GRADUS_PARITY");
  if (folder == nullptr) throw std::runtime_error("set GRADUS_PARITY to the folder to write to");
  return folder;
}

/// Writes a folder and, beside it, what Gradus computes with it.
void write_model(const fs::path& folder, const bert::Config& config, uint64_t seed) {
  Rng rng(seed);
  const bert::BertForPreTraining model(config, rng);
  for (Tensor& parameter : model.parameters()) {  // biases and scales away from their beginning, too
    const NoGrad no_grad;
    if (parameter.rank() == 1) parameter.add_(randn(parameter.shape(), rng), 0.1);
  }
  model.eval();
  const bert::Tokenizer tokenizer = bert::load_tokenizer(GRADUS_FIXTURES "/bert/small");
  bert::save_pretrained(folder, model, &tokenizer);

  const int64_t B = 5, S = 14;
  bert::PretrainingBatch batch;
  batch.rows = B;
  batch.length = S;
  for (int64_t row = 0; row < B; ++row) {
    for (int64_t slot = 0; slot < S; ++slot) {
      const bool real = slot < S - 2 * row;
      batch.input_ids.push_back(real ? static_cast<int64_t>(rng.below(48)) : 0);
      batch.token_type_ids.push_back(real && slot > 3 ? 1 : 0);
      batch.attention_mask.push_back(real ? 1 : 0);
    }
    batch.masked_positions.push_back(row * S + row);
    batch.masked_labels.push_back(static_cast<int64_t>(rng.below(48)));
    batch.next_sentence_labels.push_back(row % 2);
  }
  const Shape shape{B, S};
  nn::StateDict out = {{"input_ids", tensor(batch.input_ids, shape)},
                       {"token_type_ids", tensor(batch.token_type_ids, shape)},
                       {"attention_mask", tensor(batch.attention_mask, shape)},
                       {"masked_positions", tensor(batch.masked_positions)},
                       {"masked_labels", tensor(batch.masked_labels)},
                       {"next_sentence_labels", tensor(batch.next_sentence_labels)}};
  const NoGrad no_grad;
  const bert::BertOutput encoded = model.bert(out.at("input_ids"), out.at("token_type_ids"),
                                              out.at("attention_mask"), {.hidden_states = true});
  for (size_t i = 0; i < encoded.hidden_states.size(); ++i) {
    out[fmt::format("hidden_states.{}", i)] = encoded.hidden_states[i];
  }
  const bert::PretrainingLoss loss = model.loss(batch);
  out["pooled"] = encoded.pooled;
  out["mlm_logits"] = loss.mlm_logits;
  out["nsp_logits"] = loss.nsp_logits;
  out["mlm_loss"] = loss.mlm_loss;
  out["nsp_loss"] = loss.nsp_loss;
  nn::write_safetensors(folder.string() + ".computed.safetensors", out);
}

}  // namespace

TEST_CASE("parity: folders and what Gradus computes with them", "[.parity]") {
  bert::Config config;
  config.vocab_size = 48;
  config.hidden_size = 32;
  config.num_hidden_layers = 3;
  config.num_attention_heads = 4;
  config.intermediate_size = 56;
  config.max_position_embeddings = 20;
  config.initializer_range = 0.2;
  write_model(parity_folder() / "gelu", config, 1);
  config.hidden_act = "gelu_new";
  config.init = {true, true, true};
  write_model(parity_folder() / "gelu_new", config, 2);
  config.hidden_act = "relu";
  config.tie_word_embeddings = false;
  config.layer_norm_eps = 1e-5;
  config.pad_token_id = 7;
  write_model(parity_folder() / "untied", config, 3);
  CHECK(fs::exists(parity_folder() / "untied" / "model.safetensors"));
}

TEST_CASE("parity: the ids and offsets of texts.jsonl", "[.parity]") {
  const bert::Tokenizer tokenizer = bert::load_tokenizer(GRADUS_FIXTURES "/bert/small");
  std::ofstream out(parity_folder() / "tokenized.jsonl");
  bert::for_each_line(parity_folder() / "texts.jsonl", [&](std::string_view line) {
    if (line.empty()) return;
    const std::string text = nlohmann::json::parse(line).at("text");
    const bert::Encoding encoding = tokenizer.encode(text);
    nlohmann::json offsets = nlohmann::json::array();
    for (const bert::CharSpan& span : encoding.offsets) {
      offsets.push_back(span.begin);
      offsets.push_back(span.end);
    }
    out << nlohmann::json{{"text", text}, {"ids", encoding.ids}, {"offsets", offsets}}.dump() << '\n';
  });
  CHECK(out.good());
}

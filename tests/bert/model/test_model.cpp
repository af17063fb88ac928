// The model's shape, names and rules. tests/bert/model/test_model_reference.cpp holds its numbers to
// PyTorch's.
#include "bert/model/model.hpp"

#include <cmath>

#include "bert/model/heads.hpp"
#include "support/bert_helpers.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::test;
using bert::Bert;
using bert::BertForPreTraining;
using bert::Config;

TEST_CASE("Bert: the published tiny model has the published number of parameters") {
  Rng rng(1);
  const Config config = Config::named("tiny");
  CHECK(Bert(config, rng).num_parameters() == 4'385'920);
  CHECK(BertForPreTraining(config, rng).num_parameters() == 4'433'468);
}

TEST_CASE("Bert: parameters have Hugging Face's names and shapes") {
  Rng rng(1);
  const Config config = small_config();
  std::vector<std::string> names;
  const BertForPreTraining model(config, rng);
  for (const auto& [name, parameter] : model.named_parameters()) {
    if (name.find("layer.1.") == std::string::npos)
      names.push_back(fmt::format("{} {}", name, parameter.shape()));
  }
  CHECK(names == std::vector<std::string>{
                     "bert.embeddings.word_embeddings.weight [20, 12]",
                     "bert.embeddings.position_embeddings.weight [9, 12]",
                     "bert.embeddings.token_type_embeddings.weight [2, 12]",
                     "bert.embeddings.LayerNorm.weight [12]",
                     "bert.embeddings.LayerNorm.bias [12]",
                     "bert.encoder.layer.0.attention.self.query.weight [12, 12]",
                     "bert.encoder.layer.0.attention.self.query.bias [12]",
                     "bert.encoder.layer.0.attention.self.key.weight [12, 12]",
                     "bert.encoder.layer.0.attention.self.key.bias [12]",
                     "bert.encoder.layer.0.attention.self.value.weight [12, 12]",
                     "bert.encoder.layer.0.attention.self.value.bias [12]",
                     "bert.encoder.layer.0.attention.output.dense.weight [12, 12]",
                     "bert.encoder.layer.0.attention.output.dense.bias [12]",
                     "bert.encoder.layer.0.attention.output.LayerNorm.weight [12]",
                     "bert.encoder.layer.0.attention.output.LayerNorm.bias [12]",
                     "bert.encoder.layer.0.intermediate.dense.weight [16, 12]",
                     "bert.encoder.layer.0.intermediate.dense.bias [16]",
                     "bert.encoder.layer.0.output.dense.weight [12, 16]",
                     "bert.encoder.layer.0.output.dense.bias [12]",
                     "bert.encoder.layer.0.output.LayerNorm.weight [12]",
                     "bert.encoder.layer.0.output.LayerNorm.bias [12]",
                     "bert.pooler.dense.weight [12, 12]",
                     "bert.pooler.dense.bias [12]",
                     "cls.predictions.bias [20]",
                     "cls.predictions.transform.dense.weight [12, 12]",
                     "cls.predictions.transform.dense.bias [12]",
                     "cls.predictions.transform.LayerNorm.weight [12]",
                     "cls.predictions.transform.LayerNorm.bias [12]",
                     "cls.seq_relationship.weight [2, 12]",
                     "cls.seq_relationship.bias [2]",
                 });
}

TEST_CASE("Bert: outputs have their shapes, and extras come on request") {
  Rng rng(2);
  const Bert model(small_config(), rng);
  model.eval();
  const Tensor ids = tensor<int64_t>({2, 7, 8, 3, 2, 9, 3, 0}, Shape{2, 4});
  const Tensor mask = tensor<int64_t>({1, 1, 1, 1, 1, 1, 1, 0}, Shape{2, 4});
  const bert::BertOutput plain = model(ids, {}, mask);
  CHECK(plain.last_hidden.shape() == Shape{2, 4, 12});
  CHECK(plain.pooled.shape() == Shape{2, 12});
  CHECK(plain.hidden_states.empty());
  CHECK(plain.attentions.empty());

  const bert::BertOutput full = model(ids, {}, mask, {.hidden_states = true, .attentions = true});
  REQUIRE(full.hidden_states.size() == 3);
  REQUIRE(full.attentions.size() == 2);
  CHECK(full.attentions[0].shape() == Shape{2, 3, 4, 4});
  CHECK(largest_difference(full.hidden_states[2], plain.last_hidden) < 1e-6);
  CHECK(largest_difference(sum(full.attentions[1], Axes{-1}), ones({2, 3, 4})) < 1e-6);
  CHECK(max(full.attentions[1].slice(0, 1, 2).slice(3, 3, 4)).item() == 0);  // nobody looks at padding

  const Bert bare(small_config(), rng, /*with_pooler=*/false);
  CHECK_FALSE(bare(ids).pooled.defined());
}

TEST_CASE("Bert: padding changes nothing") {
  Rng rng(3);
  const Bert model(small_config(), rng);
  model.eval();
  const Tensor ids = tensor<int64_t>({2, 7, 8, 3}, Shape{1, 4}),
               types = tensor<int64_t>({0, 0, 1, 1}, Shape{1, 4});
  const bert::BertOutput alone = model(ids, types);
  const Tensor padded = tensor<int64_t>({2, 7, 8, 3, 0, 0, 0, 2, 9, 3, 0, 0, 0, 0}, Shape{2, 7});
  const Tensor padded_types = tensor<int64_t>({0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, Shape{2, 7});
  const Tensor mask = tensor<int64_t>({1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0}, Shape{2, 7});
  for (const DType dtype : {DType::i64, DType::boolean}) {
    const bert::BertOutput out = model(padded, padded_types, mask.to(dtype));
    CHECK(largest_difference(out.last_hidden.slice(0, 0, 1).slice(1, 0, 4), alone.last_hidden) < 2e-6);
    CHECK(largest_difference(out.pooled.slice(0, 0, 1), alone.pooled) < 2e-6);
  }
  // And what stands under the padding does not matter.
  const Tensor other = tensor<int64_t>({2, 7, 8, 3, 11, 12, 13, 2, 9, 3, 5, 5, 5, 5}, Shape{2, 7});
  const Tensor again = model(other, padded_types, mask).last_hidden;
  CHECK(largest_difference(again.slice(0, 0, 1).slice(1, 0, 4), alone.last_hidden) < 2e-6);
}

TEST_CASE("Bert: a row that is all padding gives numbers, not NaN") {
  Rng rng(4);
  const Bert model(small_config(), rng);
  const Tensor ids = zeros({2, 3}, DType::i64);
  const Tensor mask = tensor<int64_t>({1, 1, 1, 0, 0, 0}, Shape{2, 3});
  const bert::BertOutput out = model(ids, {}, mask);
  CHECK(min(is_finite(out.last_hidden).to(DType::f32)).item() == 1);
  sum(out.pooled).backward();
  for (const auto& [name, parameter] : model.named_parameters()) {
    INFO(name);
    CHECK(min(is_finite(parameter.grad()).to(DType::f32)).item() == 1);
  }
}

TEST_CASE("Bert: an id, type or length out of range is an IndexError that names it") {
  Rng rng(5);
  const Bert model(small_config(), rng);
  const Tensor good = tensor<int64_t>({2, 3}, Shape{1, 2});
  CHECK_THROWS_AS(model(tensor<int64_t>({2, 20}, Shape{1, 2})), IndexError);
  CHECK_THROWS_WITH(model(tensor<int64_t>({2, 20}, Shape{1, 2})),
                    "embedding_sum: token id 20 at position 1 of [1, 2] is outside [0, 20) (in embeddings)");
  CHECK_THROWS_WITH(model(tensor<int64_t>({-1, 2}, Shape{1, 2})),
                    "embedding_sum: token id -1 at position 0 of [1, 2] is outside [0, 20) (in embeddings)");
  CHECK_THROWS_WITH(model(good, tensor<int64_t>({0, 2}, Shape{1, 2})),
                    "embedding_sum: token type 2 at position 1 of [1, 2] is outside [0, 2) (in embeddings)");
  CHECK_THROWS_AS(model(zeros({1, 10}, DType::i64)), IndexError);
  CHECK_THROWS_WITH(
      model(zeros({1, 10}, DType::i64)),
      "embedding_sum: a sequence of 10 tokens is longer than the 9 positions of the model (in embeddings)");
  CHECK_THROWS_WITH(model(good, {}, ones({1, 2})), "bert: attention_mask must be i64 or bool, not f32");
  CHECK_THROWS_WITH(model(good, {}, ones({1, 3}, DType::i64)),
                    "bert: attention_mask [1, 3] must have the shape of input_ids [1, 2]");
  CHECK_THROWS_WITH(model(good, zeros({2, 2}, DType::i64)),
                    "bert: token_type_ids [2, 2] must have the shape of input_ids [1, 2]");
  CHECK_THROWS_WITH(model(tensor<int64_t>({2, 3})),
                    "bert: input_ids must be [B, S] with at least one token, not [2]");
  CHECK_THROWS_WITH(model(Tensor()), "bert: input_ids must be [B, S] with at least one token, not undefined");
  CHECK_THROWS_WITH(model(zeros({2, 0}, DType::i64)),
                    "bert: input_ids must be [B, S] with at least one token, not [2, 0]");
  CHECK_THROWS_AS(model(ones({1, 2})), DTypeError);
}

TEST_CASE("Bert: a config with a problem makes no model") {
  Rng rng(6);
  Config config = small_config();
  config.num_attention_heads = 5;
  CHECK_THROWS_WITH(Bert(config, rng), "config: hidden_size 12 is not a multiple of num_attention_heads 5");
}

TEST_CASE("Bert: fresh weights follow the config") {
  Rng rng(7);
  Config config = Config::named("tiny", 500);
  config.max_position_embeddings = 32;
  SECTION("normal, with a padding row of zeros") {
    const Bert model(config, rng);
    const Tensor word = model.embeddings.word_embeddings.weight;
    CHECK(max(abs(word.select(0, 0))).item() == 0);
    CHECK(std::sqrt(var(word.slice(0, 1, 500)).item()) == Approx(0.02).epsilon(0.02));
    CHECK(max(abs(word)).item() > 0.06);
    CHECK(max(abs(model.encoder.layers[0].feed_forward.first.bias)).item() == 0);
    CHECK(min(model.embeddings.norm.weight).item() == 1);
  }
  SECTION("truncated at two std") {
    config.init.truncated = true;
    config.initializer_range = 0.05;
    const Bert model(config, rng);
    CHECK(max(abs(model.embeddings.word_embeddings.weight)).item() <= 0.1f);
    CHECK(max(abs(model.encoder.layers[1].feed_forward.second.weight)).item() <= 0.1f);
  }
  SECTION("positions as sinusoids") {
    config.init.sinusoidal_positions = true;
    const Tensor position = Bert(config, rng).embeddings.position_embeddings.weight;
    const double scale = 0.02 * std::sqrt(2.0);
    CHECK(position.at({3, 0}) == Approx(scale * std::sin(3.0)));
    CHECK(position.at({3, 1}) == Approx(scale * std::cos(3.0)));
    CHECK(position.at({5, 10}) == Approx(scale * std::sin(5 / std::pow(10000, 10.0 / 128))));
    // Every row is as long as a drawn one is on average.
    CHECK(std::sqrt(mean(position * position).item()) == Approx(0.02).epsilon(1e-4));
  }
  SECTION("W_o as W_v transposed") {
    config.init.output_from_value = true;
    const Bert model(config, rng);
    const nn::MultiHeadAttention& attention = model.encoder.layers[1].attention;
    CHECK(largest_difference(attention.output.weight, attention.value.weight.transpose(0, 1)) == 0);
  }
}

TEST_CASE("Bert: the same seed makes the same model, dropout only in training") {
  Rng first(8), second(8);
  const Bert a(small_config(), first), b(small_config(), second);
  const Tensor ids = tensor<int64_t>({2, 7, 8, 3}, Shape{1, 4});
  a.eval();
  b.eval();
  CHECK(largest_difference(a(ids).last_hidden, b(ids).last_hidden) == 0);
  a.train();
  b.train();
  manual_seed(1);
  const Tensor x = a(ids).last_hidden, next = a(ids).last_hidden;
  manual_seed(1);
  const Tensor y = b(ids).last_hidden;
  CHECK(largest_difference(x, y) == 0);       // the same seed drops the same
  CHECK(largest_difference(x, next) > 0.01);  // each pass draws its own mask
}

TEST_CASE("Bert: hidden states and attention have a dropout each") {
  const Tensor ids = tensor<int64_t>({2, 7, 8, 3}, Shape{1, 4});
  const auto drops = [&](double hidden, double attention) {
    Config config = small_config();
    config.hidden_dropout_prob = hidden;
    config.attention_probs_dropout_prob = attention;
    Rng rng(8);
    const Bert model(config, rng);
    manual_seed(1);
    const Tensor once = model(ids).last_hidden;
    return largest_difference(once, model(ids).last_hidden) > 0;
  };
  CHECK(!drops(0, 0));
  CHECK(drops(0.5, 0));
  CHECK(drops(0, 0.5));
}

TEST_CASE("Bert: fused and composed passes agree, with gradients and dropout") {
  for (const char* activation : {"gelu", "gelu_new", "relu", "silu"}) {
    INFO(activation);
    Rng rng(9);
    Config config = small_config();
    config.hidden_act = activation;
    const BertForPreTraining model(config, rng);
    model.to(DType::f64);
    const bert::PretrainingBatch batch = small_batch();
    std::vector<Tensor> gradients[2];
    double losses[2];
    for (const bool composed : {false, true}) {
      manual_seed(5);
      const ComposedOps twins(composed);
      const bert::PretrainingLoss out = model.loss(batch);
      losses[composed] = out.loss.item();
      for (Tensor& parameter : model.parameters()) parameter.clear_grad();
      out.loss.backward();
      for (const Tensor& parameter : model.parameters()) gradients[composed].push_back(parameter.grad());
    }
    CHECK(losses[0] == Approx(losses[1]).epsilon(1e-12));
    for (size_t i = 0; i < gradients[0].size(); ++i) {
      CHECK(largest_difference(gradients[0][i], gradients[1][i]) < 1e-11);
    }
  }
}

TEST_CASE("Bert: heads are views, and the widest moment of a pass is its feed-forward layer") {
  Rng rng(10);
  Config config = Config::named("tiny", 50);
  config.num_hidden_layers = 6;
  const Bert model(config, rng);
  model.eval();
  const int64_t B = 8, S = 64, activation = B * S * config.hidden_size * 4;  // bytes of one [B, S, H]
  const NoGrad no_grad;
  const auto peak_of = [](const auto& run) {
    const int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    run();
    return memory_stats().peak_bytes - before;
  };
  // Query, key, value, and what was looked up: four. Splitting or merging heads by copies would make it five
  // or more.
  const Tensor x = randn({B, S, config.hidden_size}, rng);
  CHECK(peak_of([&] { model.encoder.layers[0].attention(x); }) < activation * 9 / 2);
  // Two of [B, S, I], which is 4 H wide, its input, and the layer's. No layer keeps anything.
  const Tensor ids = full({B, S}, 7, DType::i64);
  CHECK(peak_of([&] { model(ids); }) < activation * 23 / 2);
}

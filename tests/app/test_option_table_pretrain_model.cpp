// What each option of pretrain does that chooses the model and the weights it begins with.
#include <algorithm>
#include <cmath>

#include "app/option_table.hpp"
#include "nn/safetensors.hpp"

namespace gradus::test {
namespace {

const std::string layer = "bert.encoder.layer.0.", embeddings = "bert.embeddings.";
const std::string word_table = embeddings + "word_embeddings.weight";
const std::string position_table = embeddings + "position_embeddings.weight";

/// A row whose change shows in one entry of config.json and in the shape of one weight.
std::function<void(const Outcome&, const Outcome&)> has_shape(const std::string& entry, int before, int after,
                                                              const std::string& weight, Shape shape) {
  return [=](const Outcome& base, const Outcome& changed) {
    CHECK(base.config().at(entry) == before);
    CHECK(changed.config().at(entry) == after);
    CHECK(changed.weights().at(weight).shape() == shape);
    CHECK(base.weights().at(weight).shape() != shape);
  };
}

/// The greatest difference between the weights of a run and those in a model's folder.
double distance(const Outcome& run, const std::string& model) {
  const nn::StateDict mine = run.weights(),
                      others = nn::read_safetensors(run.folder / model / "model.safetensors");
  REQUIRE(mine.size() == others.size());
  double most = 0;
  for (const auto& [name, weight] : mine) {
    const std::vector<float> a = weight.to_vector<float>(), b = others.at(name).to_vector<float>();
    REQUIRE(a.size() == b.size());
    for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  }
  return most;
}

double root_mean_square(const std::vector<float>& values) {
  double sum = 0;
  for (const float x : values) sum += static_cast<double>(x) * x;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

/// How many of the first position's numbers are 0, as the sine of 0 is.
int64_t zeros_at_first(const Outcome& run) {
  std::vector<float> row = run.weight(position_table);
  row.resize(16);
  return std::ranges::count_if(row, [](float x) { return std::abs(x) < 1e-12F; });
}

/// The greatest difference between W_o and W_v transposed.
double from_transposed(const Outcome& run) {
  const std::vector<float> output = run.weight(layer + "attention.output.dense.weight");
  const std::vector<float> value = run.weight(layer + "attention.self.value.weight");
  double most = 0;
  for (size_t i = 0; i < 16; ++i)
    for (size_t j = 0; j < 16; ++j)
      most = std::max(most, std::abs(static_cast<double>(output[16 * i + j]) - value[16 * j + i]));
  return most;
}

}  // namespace

std::vector<OptionRow> pretrain_model_rows() {
  const Words small = small_pretraining();
  const Words by_size = without(without(small, "--layers"), "--hidden");
  // A run whose steps change nothing shows the weights it began with.
  const Words still = with(small, {"--learning-rate", "1e-30"});

  return {
      {"pretrain", "--size", by_size, with(by_size, {"--size", "mini"}),
       [](auto& base, auto& changed) {
         const std::map<std::string, std::pair<int, int>> entries = {{"num_hidden_layers", {2, 4}},
                                                                     {"hidden_size", {128, 256}},
                                                                     {"num_attention_heads", {2, 4}},
                                                                     {"intermediate_size", {512, 1024}}};
         for (const auto& [entry, sizes] : entries) {
           CHECK(base.config().at(entry) == sizes.first);
           CHECK(changed.config().at(entry) == sizes.second);
         }
       }},
      {"pretrain", "--layers", small, with(small, {"--layers", "2"}),
       [](auto& base, auto& changed) {
         CHECK(changed.config().at("num_hidden_layers") == 2);
         const std::string second = "bert.encoder.layer.1.output.dense.weight";
         CHECK(changed.weights().contains(second));
         CHECK(!base.weights().contains(second));
       }},
      {"pretrain", "--hidden", small, with(small, {"--hidden", "128"}),
       [](auto& base, auto& changed) {
         has_shape("hidden_size", 16, 128, word_table, {150, 128})(base, changed);
         CHECK(changed.config().at("num_attention_heads") == 2);
         CHECK(changed.config().at("intermediate_size") == 512);
       }},
      {"pretrain", "--heads", small, with(small, {"--heads", "2"}),
       [](auto& base, auto& changed) {
         CHECK(base.config().at("num_attention_heads") == 1);
         CHECK(changed.config().at("num_attention_heads") == 2);
         CHECK((changed.weight_bytes() != base.weight_bytes()));
       }},
      {"pretrain", "--intermediate", small, with(small, {"--intermediate", "24"}),
       has_shape("intermediate_size", 64, 24, layer + "intermediate.dense.weight", {24, 16})},
      {"pretrain", "--positions", small, with(small, {"--positions", "40"}),
       has_shape("max_position_embeddings", 128, 40, position_table, {40, 16})},
      {"pretrain", "--activation", small, with(small, {"--activation", "relu"}),
       [](auto& base, auto& changed) {
         CHECK(base.config().at("hidden_act") == "gelu");
         CHECK(changed.config().at("hidden_act") == "relu");
         CHECK(changed.evaluations().front().loss != base.evaluations().front().loss);
       }},
      {"pretrain", "--pre-norm", small, with(small, {"--pre-norm"}),
       [](auto& base, auto& changed) {
         CHECK(base.config().at("model_type") == "bert");
         CHECK(changed.config().at("model_type") == "gradus-bert");
         CHECK(changed.weights().contains("bert.encoder.LayerNorm.weight"));
         CHECK(!base.weights().contains("bert.encoder.LayerNorm.weight"));
       }},
      {"pretrain", "--gated", small, with(small, {"--gated"}),
       [](auto& base, auto& changed) {
         has_shape("intermediate_size", 64, 40, layer + "intermediate.dense.weight", {40, 16})(base, changed);
         CHECK(changed.weights().at(layer + "intermediate.gate.weight").shape() == Shape{40, 16});
         CHECK(changed.config().at("model_type") == "gradus-bert");
       }},
      {"pretrain", "--init-std", still, with(still, {"--init-std", "0.1"}),
       [](auto& base, auto& changed) {
         CHECK(root_mean_square(changed.weight(word_table)) ==
               Approx(2 * root_mean_square(base.weight(word_table))).epsilon(1e-4));
         CHECK(changed.config().at("initializer_range") == 0.1);
       }},
      {"pretrain", "--no-sinusoids", still, with(still, {"--no-sinusoids"}),
       [](auto& base, auto& changed) {
         CHECK(zeros_at_first(base) == 8);
         CHECK(zeros_at_first(changed) == 0);
       }},
      {"pretrain", "--output-from-value", still, with(still, {"--output-from-value"}),
       [](auto& base, auto& changed) {
         CHECK(from_transposed(base) > 1e-3);
         CHECK(from_transposed(changed) < 1e-12);
       }},
      {"pretrain", "--from", still, with(still, {"--from", "../other"}),
       [](auto& base, auto& changed) {
         CHECK(distance(base, "../other") > 1e-3);
         CHECK(distance(changed, "../other") < 1e-12);
       }},
      {"pretrain", "--seed", still, with(still, {"--seed", "2"}),
       [](auto& base, auto& changed) {
         CHECK((changed.weight(word_table) != base.weight(word_table)));
         CHECK(changed.last_step().loss != base.last_step().loss);
       }},
      // The seed draws the batches as well, and not only the weights.
      {"pretrain", "--seed", with(still, {"--from", "../other"}),
       with(with(still, {"--from", "../other"}), {"--seed", "2"}),
       [](auto& base, auto& changed) {
         CHECK(distance(changed, "../other") < 1e-12);
         CHECK(changed.last_step().loss != base.last_step().loss);
       }},
  };
}

}  // namespace gradus::test

TEST_CASE("options: pretrain, each of its model alone") {
  gradus::test::run_table(gradus::test::pretrain_model_rows());
}

// Which parameters decay, and groups of them with other rates.
#include "nn/optimizers/optimizer.hpp"
#include "support/catch.hpp"
#include "support/optimizers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("decay spares biases, and a rule may say otherwise", "[optimizer]") {
  for (const bool all : {false, true}) {
    const Linear layer = small_layer();
    Tensor(layer.bias).detach().fill_(1);
    AdamOptions options{.lr = 0.5, .weight_decay = 0.1};
    if (all) options.decays = [](const std::string&) { return true; };
    const double weight = layer.weight.at({0, 0});
    AdamW optimizer(layer, options);
    optimizer.step();  // all gradients are 0
    CHECK(layer.weight.at({0, 0}) == Approx(0.95 * weight));
    CHECK(layer.bias.at({0}) == Approx(all ? 0.95 : 1));
  }
}

TEST_CASE("what decays by its name: weights, but of no norm, and no bias", "[optimizer]") {
  for (const char* name : {"weight", "encoder.layer.0.output.dense.weight", "embedding.weight"}) {
    INFO(name);
    CHECK(decays_by_name(name));
  }
  for (const char* name : {"bias", "dense.bias", "LayerNorm.weight", "output.LayerNorm.weight", "norm.weight",
                           "layers.0.norm1.weight", "output_bias"}) {
    INFO(name);
    CHECK_FALSE(decays_by_name(name));
  }
}

TEST_CASE("groups of parameters learn at rates and with decays of their own", "[optimizer]") {
  // What a group does is what an optimizer of its own would do.
  const Linear together = small_layer(), apart = small_layer();
  AdamW one(
      together,
      {.lr = 0.1,
       .weight_decay = 0.2,
       .groups = {{.holds = [](const std::string& name) { return name == "bias"; }, .rate = 0.25},
                  {.holds = [](const std::string&) { return true; }, .rate = 0.5, .weight_decay = 0.4}}});
  Tensor weight = apart.weight, bias = apart.bias;
  AdamW of_weight({weight}, {.lr = 0.05, .weight_decay = 0.4}),
      of_bias({bias}, {.lr = 0.025, .weight_decay = 0});
  for (int step = 0; step < 3; ++step) {
    const auto give = [step](const Tensor& x) {
      const double size = step + 1.0;
      Tensor(x).set_grad((arange(x.numel()).to(DType::f32) * size + 1).reshape(x.shape()));
    };
    for (const Linear& layer : {together, apart}) give(layer.weight), give(layer.bias);
    one.set_learning_rate(0.1 / (step + 1));  // a schedule moves every group
    of_weight.set_learning_rate(0.05 / (step + 1));
    of_bias.set_learning_rate(0.025 / (step + 1));
    one.step(), of_weight.step(), of_bias.step();
    CHECK(together.weight.to_vector<float>() == apart.weight.to_vector<float>());
    CHECK(together.bias.to_vector<float>() == apart.bias.to_vector<float>());
  }
  CHECK(together.weight.to_vector<float>() != small_layer().weight.to_vector<float>());
}

TEST_CASE("a group with rate 0 stands still, and the first that holds a parameter has it", "[optimizer]") {
  const Linear layer = small_layer();
  const std::vector<float> before = layer.weight.to_vector<float>();
  const auto all = [](const std::string&) { return true; };
  Sgd optimizer(layer,
                {.lr = 1,
                 .groups = {{.holds = [](const std::string& name) { return name == "weight"; }, .rate = 0},
                            {.holds = all, .rate = 2}}});
  Tensor(layer.weight).grad().fill_(1);
  Tensor(layer.bias).grad().fill_(1);
  const std::vector<float> bias = layer.bias.to_vector<float>();
  optimizer.step();
  CHECK(layer.weight.to_vector<float>() == before);
  CHECK(layer.bias.to_vector<float>() == std::vector<float>{bias[0] - 2, bias[1] - 2});
}

TEST_CASE("names_under holds what is below a part", "[optimizer]") {
  const auto under = names_under("bert.encoder");
  CHECK(under("bert.encoder.layer.0.output.dense.weight"));
  CHECK_FALSE(under("bert.encoders.weight"));
  CHECK_FALSE(under("bert.encoder"));
}

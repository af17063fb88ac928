#include "nn/optimizers/optimizer.hpp"

#include <cmath>
#include <limits>

#include "nn/optimizers/muon.hpp"
#include "nn/safetensors.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"
#include "support/optimizers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

const std::string fixture_file = GRADUS_FIXTURES "/nn/optimizers.safetensors";

/// PyTorch's module of the fixtures: weight [3, 4], bias [3].
Linear fixture_module(const StateDict& fixture) {
  Rng rng(1);
  Linear layer(4, 3, rng);
  layer.to(DType::f64);
  layer.load_state_dict({{"weight", fixture.at("start.weight")}, {"bias", fixture.at("start.bias")}});
  return layer;
}

void set_gradients(const Linear& layer, const StateDict& fixture, int64_t step) {
  Tensor(layer.weight).set_grad(fixture.at("grad.weight").select(0, step).clone());
  Tensor(layer.bias).set_grad(fixture.at("grad.bias").select(0, step).clone());
}

}  // namespace

TEST_CASE("ten steps of every optimizer end where PyTorch's end", "[optimizer]") {
  const StateDict fixture = read_safetensors(fixture_file);
  struct Setting {
    std::string name;
    MakeOptimizer make;
    double max_norm;
  };
  const std::vector<Setting> settings = {
      {"sgd", [](const Module& m) { return std::make_unique<Sgd>(m, SgdOptions{.lr = 0.1}); }, 0},
      {"sgd_momentum",
       [](const Module& m) {
         return std::make_unique<Sgd>(m, SgdOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.05});
       },
       0},
      {"sgd_nesterov",
       [](const Module& m) {
         return std::make_unique<Sgd>(
             m, SgdOptions{.lr = 0.1, .momentum = 0.9, .weight_decay = 0.05, .nesterov = true});
       },
       0},
      {"adam",
       [](const Module& m) {
         return std::make_unique<Adam>(m, AdamOptions{.lr = 0.01, .weight_decay = 0.05});
       },
       0},
      {"adamw",
       [](const Module& m) {
         return std::make_unique<AdamW>(m, AdamOptions{.lr = 0.01, .weight_decay = 0.05});
       },
       0},
      {"adamw_clipped",
       [](const Module& m) {
         return std::make_unique<AdamW>(m, AdamOptions{.lr = 0.01, .weight_decay = 0.05});
       },
       1},
      {"bert",
       [](const Module& m) {
         return std::make_unique<BertAdam>(m, AdamOptions{.lr = 0.01, .eps = 1e-6, .weight_decay = 0.05});
       },
       0},
      {"muon",
       [](const Module& m) {
         return std::make_unique<Muon>(
             m, MuonOptions{
                    .lr = 0.01, .weight_decay = 0.05, .hidden = [](const std::string&) { return true; }});
       },
       0}};
  for (const Setting& setting : settings) {
    INFO(setting.name);
    const Linear layer = fixture_module(fixture);
    const auto optimizer = setting.make(layer);
    for (int64_t step = 0; step < 10; ++step) {
      set_gradients(layer, fixture, step);
      if (setting.max_norm > 0) {
        optimizer->clipped_step(setting.max_norm);
      } else {
        optimizer->step();
      }
    }
    CHECK(optimizer->steps() == 10);
    CHECK(worst_difference(layer.weight, fixture.at(setting.name + ".weight")) < 1e-12);
    CHECK(worst_difference(layer.bias, fixture.at(setting.name + ".bias")) < 1e-12);
    CHECK(worst_difference(layer.weight, fixture.at("start.weight")) > 1e-3);
  }
}

TEST_CASE("clipping in the step is clipping before it", "[optimizer]") {
  const StateDict fixture = read_safetensors(fixture_file);
  const Linear a = fixture_module(fixture), b = fixture_module(fixture);
  AdamW first(a), second(b);
  for (int64_t step = 0; step < 5; ++step) {
    set_gradients(a, fixture, step);
    set_gradients(b, fixture, step);
    const double norm = first.clipped_step(0.5);
    CHECK(norm == Approx(clip_grad_norm(b.parameters(), 0.5)).epsilon(1e-14));
    CHECK(second.grad_norm() == Approx(0.5).epsilon(1e-5));
    second.step();
  }
  CHECK(worst_difference(a.weight, b.weight) < 1e-14);
  set_gradients(b, fixture, 0);
  const Tensor kept = b.weight.grad().clone();
  CHECK(clip_grad_norm(b.parameters(), 1e9) > 1);  // small enough already: nothing changes
  CHECK(worst_difference(b.weight.grad(), kept) == 0);
}

TEST_CASE("a gradient that is not finite stops the step before anything changes", "[optimizer]") {
  const Linear layer = small_layer();
  AdamW optimizer(layer);
  train(layer, optimizer, 2);
  const std::vector<float> before = layer.weight.to_vector<float>();
  layer.bias.grad().fill_(std::numeric_limits<double>::quiet_NaN());
  CHECK_THROWS_WITH(optimizer.clipped_step(1),
                    "optimizer: the norm of the gradients is nan; step 3 was not taken");
  CHECK(layer.weight.to_vector<float>() == before);
  CHECK(optimizer.steps() == 2);
  CHECK(std::isnan(clip_grad_norm(layer.parameters(), 1)));
  CHECK_THROWS_WITH(clip_grad_norm(layer.parameters(), 1, true),
                    "clip_grad_norm: the norm of the gradients is nan");
}

TEST_CASE("the rate can be changed between steps", "[optimizer]") {
  const Linear layer = small_layer();
  Sgd optimizer(layer, {.lr = 1});
  Tensor(layer.bias).grad().fill_(1);
  optimizer.set_learning_rate(0.25);
  CHECK(optimizer.learning_rate() == 0.25);
  optimizer.step();
  CHECK(layer.bias.at({0}) == -0.25);
}

TEST_CASE("an option that is set leaves the class's other defaults as they are", "[optimizer]") {
  const auto after_a_step = [](const auto& make) {
    const Linear layer = small_layer();
    Tensor(layer.weight).detach().fill_(1);
    const auto optimizer = make(layer);
    Tensor(layer.weight).grad().fill_(1e-6);  // as large as BERT's eps
    optimizer->step();
    return layer.weight.at({0, 0});
  };
  using Options = AdamOptions;
  const auto adam = [](const Options& o) {
    return [o](const Module& m) { return std::make_unique<Adam>(m, o); };
  };
  const auto adamw = [](const Options& o) {
    return [o](const Module& m) { return std::make_unique<AdamW>(m, o); };
  };
  const auto bert = [](const Options& o) {
    return [o](const Module& m) { return std::make_unique<BertAdam>(m, o); };
  };
  const double lr = 0.5;
  CHECK(after_a_step(adam({.lr = lr})) == after_a_step(adam({.lr = lr, .eps = 1e-8, .weight_decay = 0})));
  CHECK(after_a_step(adamw({.lr = lr})) ==
        after_a_step(adamw({.lr = lr, .eps = 1e-8, .weight_decay = 0.01})));
  CHECK(after_a_step(adamw({.lr = lr})) != after_a_step(adamw({.lr = lr, .weight_decay = 0})));
  CHECK(after_a_step(bert({.lr = lr})) == after_a_step(bert({.lr = lr, .eps = 1e-6, .weight_decay = 0.01})));
  CHECK(after_a_step(bert({.lr = lr})) != after_a_step(bert({.lr = lr, .eps = 1e-8})));
}

TEST_CASE("an optimizer over a list of tensors", "[optimizer]") {
  Tensor w = tensor({1.0, 2.0}).requires_grad(), b = tensor({3.0}).requires_grad();
  Sgd optimizer({w, b}, {.lr = 0.5, .weight_decay = 0.1});
  optimizer.zero_grad();
  (sum(w * w) + sum(b)).backward();
  optimizer.step();  // unnamed tensors all decay
  CHECK(w.to_vector<double>() == std::vector<double>{1 - 0.5 * 2.1, 2 - 0.5 * 4.2});
  CHECK(b.to_vector<double>() == std::vector<double>{3 - 0.5 * 1.3});
  CHECK(optimizer.arena().entries()[1].name == "1");

  CHECK_THROWS_WITH(Sgd({w, Tensor()}), "parameters: tensor 1 of the list is undefined");
  CHECK_THROWS_WITH(Sgd({w, b, w}), "parameters: tensors 0 and 2 of the list are one");
  CHECK_THROWS_WITH(Sgd({w * 2}),
                    "parameters: tensor 0 of the list, [2], was computed; an optimiser changes leaves only");
  CHECK_THROWS_WITH(Sgd({ones({2})}), "arena: there is no parameter that requires a gradient");
}

TEST_CASE("optimizers refuse settings that would do something else than they say", "[optimizer]") {
  const Linear layer = small_layer();
  CHECK_THROWS_WITH(Sgd(layer, {.nesterov = true}), "sgd: nesterov needs a momentum above 0, not 0");
  const auto all = [](const std::string&) { return true; };
  CHECK_THROWS_WITH(AdamW(layer, {.groups = {{.holds = all}, {.holds = all}}}),
                    "optimizer: group 1 holds no parameter that an earlier one leaves");
  CHECK_THROWS_WITH(AdamW(layer, {.groups = {{}}}),
                    "optimizer: group 0 holds no parameter that an earlier one leaves");
  CHECK_THROWS_WITH(AdamW(layer, {.groups = {{.holds = all, .rate = -1}}}),
                    "optimizer: the rate of group 0 is -1; it must be a number from 0 on");
  CHECK_THROWS_WITH(AdamW(layer, {.decays = nullptr}),
                    "arena: the rule that says what decays is empty; decays_by_name is the usual one");
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(AdamW(layer, {.lr = nan}),
                    "optimizer: the learning rate is nan; it must be a number from 0 on");
  CHECK_THROWS_WITH(Sgd(layer, {.lr = -1}),
                    "optimizer: the learning rate is -1; it must be a number from 0 on");
  CHECK_THROWS_WITH(Sgd(layer, {.momentum = nan}),
                    "optimizer: momentum is nan; it must be a number from 0 on");
  CHECK_THROWS_WITH(AdamW(layer, {.beta1 = 1}), "optimizer: beta1 is 1; it must be a number from 0 up to 1");
  CHECK_THROWS_WITH(AdamW(layer, {.beta2 = -0.5}),
                    "optimizer: beta2 is -0.5; it must be a number from 0 up to 1");
  CHECK_THROWS_WITH(AdamW(layer, {.eps = -1}), "optimizer: eps is -1; it must be a number from 0 on");
  CHECK_THROWS_WITH(AdamW(layer, {.weight_decay = -1}),
                    "optimizer: weight_decay is -1; it must be a number from 0 on");
  AdamW optimizer(layer);
  CHECK_THROWS_WITH(optimizer.set_learning_rate(nan),
                    "optimizer: the learning rate is nan; it must be a number from 0 on");
  const std::vector<float> before = layer.weight.to_vector<float>();
  Tensor(layer.weight).grad().fill_(2);
  for (const double max_norm : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    const std::string message = fmt::format("clipping: max_norm must be above 0, not {}", max_norm);
    CHECK_THROWS_WITH(optimizer.clipped_step(max_norm), message);
    CHECK_THROWS_WITH(clip_grad_norm(layer.parameters(), max_norm), message);
  }
  CHECK(layer.weight.to_vector<float>() == before);
  CHECK(layer.weight.grad().at({0, 0}) == 2);
  CHECK(optimizer.steps() == 0);
  StateDict state = optimizer.state_dict();
  state["exp_avg.bias"] = Tensor();
  CHECK_THROWS_WITH(optimizer.load_state_dict(state), "optimizer state: exp_avg.bias is undefined");
}

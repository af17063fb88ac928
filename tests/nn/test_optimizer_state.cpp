// What an optimizer keeps between steps: moments that are saved and put back, and parameters that are frozen.
#include "nn/optimizers/optimizer.hpp"
#include "support/catch.hpp"
#include "support/optimizers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("an optimizer whose state is saved and put back goes on with the same bits", "[optimizer]") {
  const std::vector<MakeOptimizer> makes = {
      [](const Module& m) { return std::make_unique<Sgd>(m, SgdOptions{.momentum = 0.9}); },
      [](const Module& m) { return std::make_unique<Adam>(m); },
      [](const Module& m) { return std::make_unique<AdamW>(m); },
      [](const Module& m) { return std::make_unique<BertAdam>(m); }};
  for (const MakeOptimizer& make : makes) {
    const Linear straight = small_layer(), first = small_layer(), second = small_layer();
    const auto whole = make(straight);
    train(straight, *whole, 8);
    const auto before = make(first);
    train(first, *before, 3);
    const auto after = make(second);
    second.load_state_dict(first.state_dict());
    after->load_state_dict(before->state_dict());
    CHECK(after->steps() == 3);
    train(second, *after, 5);
    CHECK(second.weight.to_vector<float>() == straight.weight.to_vector<float>());
    CHECK(second.bias.to_vector<float>() == straight.bias.to_vector<float>());
  }
}

TEST_CASE("an optimizer's state that does not fit is refused as a whole", "[optimizer]") {
  const Linear layer = small_layer();
  AdamW optimizer(layer);
  train(layer, optimizer, 1);
  StateDict state = optimizer.state_dict();
  CHECK(state.size() == 5);
  state.erase("exp_avg.bias");
  state["exp_avg_sq.weight"] = ones({1});
  state["other"] = ones({1});
  CHECK_THROWS_WITH(
      optimizer.load_state_dict(state),
      "optimizer state: exp_avg.bias is missing; exp_avg_sq.weight is [1] and should be [2, 3]; "
      "other is unexpected");
}

TEST_CASE("a step leaves alone what was frozen after the optimizer was made", "[optimizer]") {
  const std::vector<MakeOptimizer> makes = {
      [](const Module& m) {
        return std::make_unique<Sgd>(m, SgdOptions{.momentum = 0.9, .weight_decay = 0.1});
      },
      [](const Module& m) { return std::make_unique<AdamW>(m, AdamOptions{.weight_decay = 0.1}); }};
  for (const MakeOptimizer& make : makes) {
    const Linear layer = small_layer();
    const auto optimizer = make(layer);
    train(layer, *optimizer, 3);
    Tensor(layer.weight).requires_grad(false);
    Tensor(layer.weight).grad().fill_(1e9);  // counts neither in the step nor in the norm
    const std::vector<float> weight = layer.weight.to_vector<float>(), bias = layer.bias.to_vector<float>();
    StateDict state;
    for (const auto& [name, moment] : optimizer->state_dict()) state[name] = moment.clone();
    CHECK(optimizer->grad_norm() < 1e6);
    optimizer->clipped_step(1);
    CHECK(layer.weight.to_vector<float>() == weight);
    CHECK(layer.bias.to_vector<float>() != bias);
    for (const auto& [name, moment] : optimizer->state_dict()) {
      if (name.ends_with("weight")) CHECK(moment.to_vector<float>() == state[name].to_vector<float>());
    }
    Tensor(layer.weight).requires_grad();
    train(layer, *optimizer, 1);
    CHECK(layer.weight.to_vector<float>() != weight);
  }
}

TEST_CASE("a step refuses a parameter that was frozen when the optimizer was made and learns now",
          "[optimizer]") {
  const Linear layer = small_layer();
  Tensor(layer.bias).requires_grad(false);
  Sgd optimizer(layer);
  optimizer.step();
  Tensor(layer.bias).requires_grad();
  const char* message =
      "arena: bias was frozen when the optimizer was made and requires a gradient now; make another "
      "optimizer";
  CHECK_THROWS_WITH(optimizer.step(), message);
  CHECK_THROWS_WITH(optimizer.clipped_step(1), message);
  CHECK(optimizer.steps() == 1);
}

#include "nn/optimizer.hpp"

#include <cmath>
#include <limits>
#include <memory>

#include "nn/linear.hpp"
#include "nn/safetensors.hpp"
#include "nn/schedule.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

const std::string fixtures = GRADUS_FIXTURES "/nn/";

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

using Make = std::function<std::unique_ptr<Optimizer>(const Module&)>;

Linear small_layer() {
  Rng rng(3);
  return Linear(3, 2, rng);
}

/// A few steps on a quadratic, so that every run has the same gradients at the same parameters.
void train(const Linear& layer, Optimizer& optimizer, int steps) {
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    const Tensor y = layer(ones({4, 3}));
    sum(y * y).backward();
    optimizer.clipped_step(1);
  }
}

}  // namespace

TEST_CASE("ten steps of every optimizer end where PyTorch's end", "[optimizer]") {
  const StateDict fixture = read_safetensors(fixtures + "optimizers.safetensors");
  struct Setting {
    std::string name;
    Make make;
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
  const StateDict fixture = read_safetensors(fixtures + "optimizers.safetensors");
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

TEST_CASE("an optimizer whose state is saved and put back goes on with the same bits", "[optimizer]") {
  const std::vector<Make> makes = {
      [](const Module& m) { return std::make_unique<Sgd>(m, SgdOptions{.momentum = 0.9}); },
      [](const Module& m) { return std::make_unique<Adam>(m); },
      [](const Module& m) { return std::make_unique<AdamW>(m); },
      [](const Module& m) { return std::make_unique<BertAdam>(m); }};
  for (const Make& make : makes) {
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

TEST_CASE("the rate can be changed between steps", "[optimizer]") {
  const Linear layer = small_layer();
  Sgd optimizer(layer, {.lr = 1});
  Tensor(layer.bias).grad().fill_(1);
  optimizer.set_learning_rate(0.25);
  CHECK(optimizer.learning_rate() == 0.25);
  optimizer.step();
  CHECK(layer.bias.at({0}) == -0.25);
}

TEST_CASE("schedules are those of transformers", "[schedule]") {
  const StateDict fixture = read_safetensors(fixtures + "schedules.safetensors");
  using Kind = Schedule::Kind;
  const std::vector<std::pair<std::string, Schedule>> all = {
      {"constant", {.kind = Kind::constant, .peak = 0.5, .warmup = 4}},
      {"linear", {.kind = Kind::linear, .peak = 0.5, .warmup = 4, .total = 20}},
      {"cosine", {.kind = Kind::cosine, .peak = 0.5, .warmup = 4, .total = 20}},
      {"linear_no_warmup", {.kind = Kind::linear, .peak = 0.5, .warmup = 0, .total = 20}}};
  for (const auto& [name, schedule] : all) {
    for (int64_t step = 0; step < 25; ++step) {
      INFO(name << " at step " << step);
      // transformers' cosine rises again after its end; ours stays at 0.
      if (name == "cosine" && step > 20) {
        CHECK(schedule(step) == Approx(0).margin(1e-12));
      } else {
        CHECK(schedule(step) == Approx(fixture.at(name).at({step})).margin(1e-12));
      }
    }
  }
  CHECK(schedule_by_name("constant") == Kind::constant);
  CHECK(schedule_by_name("linear") == Kind::linear);
  CHECK(schedule_by_name("cosine") == Kind::cosine);
  CHECK_THROWS_WITH(schedule_by_name("step"), "unknown schedule \"step\": constant, linear and cosine exist");
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

TEST_CASE("a step leaves alone what was frozen after the optimizer was made", "[optimizer]") {
  const std::vector<Make> makes = {
      [](const Module& m) {
        return std::make_unique<Sgd>(m, SgdOptions{.momentum = 0.9, .weight_decay = 0.1});
      },
      [](const Module& m) { return std::make_unique<AdamW>(m, AdamOptions{.weight_decay = 0.1}); }};
  for (const Make& make : makes) {
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
  AdamW optimizer(layer);
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
  CHECK_THROWS_WITH(optimizer.load_state_dict(state),
                    "optimizer state: exp_avg.bias is undefined and should be [2]");
}

TEST_CASE("a schedule that has no length is refused", "[schedule]") {
  using Kind = Schedule::Kind;
  CHECK_THROWS_WITH(Schedule{}(0),
                    "schedule: total 0 must be above warmup 0: set it to the number of steps in all");
  CHECK_THROWS_WITH((Schedule{.kind = Kind::cosine, .warmup = 5, .total = 5}(2)),
                    "schedule: total 5 must be above warmup 5: set it to the number of steps in all");
  CHECK_THROWS_WITH((Schedule{.total = 5}(-1)), "schedule: step -1 and warmup 0 must be at least 0");
  CHECK((Schedule{.kind = Kind::constant, .peak = 2, .warmup = 4}(1)) == 0.5);
}

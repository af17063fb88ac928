// BackwardOptions::leaf_done: leaves are told as soon as they are complete.
#include "autograd/engine.hpp"
#include "autograd/ops.hpp"
#include "support/catch.hpp"

using namespace gradus;

namespace {

/// y = tanh(tanh(tanh(x w0) w1) w2 + b), and b is also added to x; the order in which things are done.
struct Chain {
  Tensor x = tensor({0.5, -1.0});
  std::vector<Tensor> weights;
  Tensor bias = tensor({0.1, 0.2}).requires_grad();
  std::vector<std::string> events;

  Chain() {
    for (int i = 0; i < 3; ++i) weights.push_back(tensor({0.3 + i, 0.7 - i}).requires_grad());
  }

  Tensor loss() {
    Tensor y = x + bias;
    for (size_t i = 0; i < 3; ++i) {
      y = tanh(y * weights[i]);
      y.register_hook([this, i](const Tensor&) {
        events.push_back(fmt::format("op {}", i));
        return Tensor();
      });
    }
    return sum(y + bias);
  }

  void backward(const BackwardOptions& options) { gradus::backward({loss()}, {}, options); }

  std::string name_of(const Tensor& leaf) const {
    for (size_t i = 0; i < 3; ++i)
      if (leaf.handle() == weights[i].handle()) return fmt::format("w{}", i);
    return leaf.handle() == bias.handle() ? "b" : "?";
  }
};

}  // namespace

TEST_CASE("leaf_done: a leaf is told before older ops run, one that is used twice after its last use") {
  Chain chain;
  chain.backward({.leaf_done = [&](const Tensor& leaf) { chain.events.push_back(chain.name_of(leaf)); }});
  CHECK(chain.events == std::vector<std::string>{"op 2", "w2", "op 1", "w1", "op 0", "w0", "b"});
}

TEST_CASE("leaf_done: when it is called the gradient is complete, and the same as without it") {
  Chain plain, told;
  plain.backward({});
  int calls = 0;
  told.backward({.leaf_done = [&](const Tensor& leaf) {
    ++calls;
    for (size_t i = 0; i < 3; ++i)
      if (leaf.handle() == told.weights[i].handle())
        CHECK(leaf.grad().to_vector<double>() == plain.weights[i].grad().to_vector<double>());
    if (leaf.handle() == told.bias.handle())
      CHECK(leaf.grad().to_vector<double>() == plain.bias.grad().to_vector<double>());
  }});
  CHECK(calls == 4);
}

TEST_CASE("leaf_done: gradients add up over calls, and hooks of leaves are called first") {
  Chain chain;
  chain.weights[1].register_hook([](const Tensor& dy) { return dy * 2.0; });
  chain.backward({});
  const std::vector<double> once = chain.weights[1].grad().to_vector<double>();
  std::vector<double> seen;
  chain.backward({.leaf_done = [&](const Tensor& leaf) {
    if (chain.name_of(leaf) == "w1") seen = leaf.grad().to_vector<double>();
  }});
  CHECK(seen == std::vector<double>{2 * once[0], 2 * once[1]});
}

TEST_CASE("leaf_done: a leaf that one branch leaves without a gradient is told in the end") {
  Tensor a = tensor({1.0, 2.0}).requires_grad(), b = tensor({3.0, 4.0}).requires_grad();
  const Tensor unused = exp(a * b);  // not below the loss
  int calls = 0;
  backward({sum(a * 2.0)}, {}, {.leaf_done = [&](const Tensor& leaf) {
             ++calls;
             CHECK(leaf.handle() == a.handle());
           }});
  CHECK(calls == 1);
  CHECK(!b.grad().defined());
}

TEST_CASE("leaf_done: with the graph kept, a second backward tells the same leaves again") {
  Chain chain;
  const Tensor loss = chain.loss();
  for (int pass = 1; pass <= 2; ++pass) {
    int calls = 0;
    backward({loss}, {}, {.retain_graph = true, .leaf_done = [&](const Tensor&) { ++calls; }});
    CHECK(calls == 4);
  }
}

TEST_CASE("a leaf has its gradient before older ops run, whether somebody is told or not") {
  Chain chain;
  for (size_t i = 0; i < 3; ++i) {
    chain.weights[i].register_hook([&chain, i](const Tensor&) {
      chain.events.push_back(fmt::format("w{}", i));
      return Tensor();
    });
  }
  chain.bias.register_hook([&](const Tensor&) {
    CHECK(chain.weights[0].grad().defined());
    chain.events.emplace_back("b");
    return Tensor();
  });
  chain.backward({});
  CHECK(chain.events == std::vector<std::string>{"op 2", "w2", "op 1", "w1", "op 0", "w0", "b"});
}

#include "nn/module.hpp"

#include <cmath>

#include "nn/dropout.hpp"
#include "nn/linear.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

class Mlp : public Module {
 public:
  explicit Mlp(Rng& rng)
      : first(child("first", Linear(2, 3, rng))),
        scale(parameter("scale", ones({3}))),
        second(child("deep.second", Linear(3, 1, rng))) {}
  Tensor operator()(const Tensor& x) const {
    const ModuleScope here = enter();
    return second(tanh(first(x)) * scale);
  }

  const Linear first;
  const Tensor scale;
  const Linear second;
};

class Outer : public Module {
 public:
  explicit Outer(Rng& rng) : inner(child("inner", Mlp(rng))), flat(child("", Linear(1, 2, rng))) {}
  const Mlp inner;
  const Linear flat;
};

class Tied : public Module {
 public:
  explicit Tied(Rng& rng)
      : a(child("a", Linear(2, 2, rng, {.bias = false}))), b(parameter("b.weight", a.weight)) {}
  const Linear a;
  const Tensor b;
};

std::vector<std::string> names_of(const Module& module) {
  std::vector<std::string> names;
  for (const auto& [name, parameter] : module.named_parameters()) names.push_back(name);
  return names;
}

}  // namespace

TEST_CASE("a module names its parameters in the order of construction", "[module]") {
  Rng rng(1);
  const Outer model(rng);
  CHECK(names_of(model) == std::vector<std::string>{"inner.first.weight", "inner.first.bias", "inner.scale",
                                                    "inner.deep.second.weight", "inner.deep.second.bias",
                                                    "weight", "bias"});
  CHECK(model.num_parameters() == 6 + 3 + 3 + 3 + 1 + 2 + 2);
  for (const Tensor& parameter : model.parameters()) CHECK(parameter.needs_grad());
}

TEST_CASE("a tied parameter is one parameter, under its first name", "[module]") {
  Rng rng(1);
  const Tied model(rng);
  CHECK(names_of(model) == std::vector<std::string>{"a.weight"});
  CHECK(model.num_parameters() == 4);
  CHECK(model.b.shares_memory_with(model.a.weight));
  model.to(DType::f64);
  CHECK(model.b.dtype() == DType::f64);
  CHECK(model.b.shares_memory_with(model.a.weight));
  sum(model.a.weight * model.b).backward();
  CHECK(model.a.weight.grad().at({0, 0}) == 2 * model.b.at({0, 0}));
}

TEST_CASE("training mode holds for all parts and all handles", "[module]") {
  Rng rng(1);
  const Outer model(rng);
  const Outer handle = model;
  CHECK(model.inner.first.is_training());
  model.eval();
  CHECK_FALSE(handle.is_training());
  CHECK_FALSE(handle.inner.first.is_training());
  handle.train();
  CHECK(model.flat.is_training());
}

TEST_CASE("to(dtype) converts in place, so that layers keep working", "[module]") {
  Rng rng(1);
  const Mlp model(rng);
  const Tensor handle = model.first.weight;
  const double before = handle.at({1, 1});
  sum(model(ones({4, 2}))).backward();
  CHECK(handle.grad().defined());
  model.to(DType::f64);
  CHECK(handle.dtype() == DType::f64);
  CHECK(handle.at({1, 1}) == before);
  CHECK_FALSE(handle.grad().defined());
  const Tensor y = model(ones({4, 2}, DType::f64));
  CHECK(y.dtype() == DType::f64);
  sum(y).backward();
  CHECK(handle.grad().dtype() == DType::f64);
  model.zero_grad();
  CHECK(sum(abs(handle.grad())).item() == 0);
  CHECK_THROWS_WITH(model.to(DType::i64), "module: parameters are f32 or f64, not i64");
}

TEST_CASE("a state goes out of one module and into another", "[module]") {
  Rng rng(1);
  const Mlp a(rng), b(rng);
  CHECK(a.first.weight.at({0, 0}) != b.first.weight.at({0, 0}));
  const LoadReport report = b.load_state_dict(a.state_dict());
  CHECK(report.missing.empty());
  CHECK(report.unexpected.empty());
  CHECK(b.first.weight.to_vector<float>() == a.first.weight.to_vector<float>());
  CHECK_FALSE(b.first.weight.shares_memory_with(a.first.weight));
  CHECK(b.first.weight.needs_grad());
  CHECK(a.state_dict().at("scale").shares_memory_with(a.scale));
}

TEST_CASE("load_state_dict names everything that does not fit, and then loads nothing", "[module]") {
  Rng rng(1);
  const Mlp model(rng);
  StateDict state = model.state_dict();
  state["first.weight"] = full({3, 2}, 7);
  state.erase("scale");
  state.erase("first.bias");
  state["extra"] = ones({1});
  CHECK_THROWS_WITH(model.load_state_dict(state),
                    "load_state_dict: missing: first.bias, scale; unexpected: extra");
  CHECK_THROWS_AS(model.load_state_dict(state), FormatError);
  CHECK(model.first.weight.at({0, 0}) != 7);
  const LoadReport report = model.load_state_dict(state, false);
  CHECK(report.missing == std::vector<std::string>{"first.bias", "scale"});
  CHECK(report.unexpected == std::vector<std::string>{"extra"});
  CHECK(model.first.weight.at({0, 0}) == 7);

  state["deep.second.weight"] = ones({1, 4});
  state["deep.second.bias"] = ones({2});
  const char* shapes =
      "load_state_dict: wrong shape: deep.second.weight is [1, 4] and should be [1, 3], "
      "deep.second.bias is [2] and should be [1]";
  CHECK_THROWS_WITH(model.load_state_dict(state, false), shapes);
  CHECK_THROWS_AS(model.load_state_dict(state, false), ShapeError);
}

TEST_CASE("describe draws the tree with counts", "[module]") {
  Rng rng(1);
  CHECK(Outer(rng).describe() ==
        "model                20\n"
        "  inner              16\n"
        "    first             9\n"
        "      weight [3, 2]   6\n"
        "      bias [3]        3\n"
        "    scale [3]         3\n"
        "    deep.second       4\n"
        "      weight [1, 3]   3\n"
        "      bias [1]        1\n"
        "  weight [2, 1]       2\n"
        "  bias [2]            2\n");
  CHECK(Linear(1000, 1234, rng).describe() ==
        "model                  1,235,234\n"
        "  weight [1234, 1000]  1,234,000\n"
        "  bias [1234]              1,234\n");
  class WithDropout : public Module {  // a part without parameters is not drawn
   public:
    explicit WithDropout(Rng& rng)
        : first(child("first", Linear(1, 1, rng, {.bias = false}))), drop(child("drop", Dropout(0.1))) {}
    Linear first;
    Dropout drop;
  };
  CHECK(WithDropout(rng).describe() ==
        "model              1\n"
        "  first            1\n"
        "    weight [1, 1]  1\n");
}

TEST_CASE("a name is given once", "[module]") {
  class Twice : public Module {
   public:
    Twice() {
      parameter("w", ones({1}));
      parameter("w", ones({1}));
    }
  };
  class TwoParts : public Module {
   public:
    explicit TwoParts(Rng& rng) {
      child("part", Linear(1, 1, rng));
      child("part", Linear(1, 1, rng));
    }
  };
  class Nameless : public Module {
   public:
    Nameless() { parameter("", ones({1})); }
  };
  Rng rng(1);
  CHECK_THROWS_WITH(Twice(), "module: the name \"w\" is taken; each parameter needs its own");
  CHECK_THROWS_WITH(TwoParts(rng), "module: the name \"part\" is taken; each part needs its own");
  CHECK_THROWS_WITH(Nameless(), "module: a parameter needs a name");
}

TEST_CASE("an anomaly names the part of the model", "[module]") {
  Rng rng(1);
  const Outer model(rng);
  {
    const NoGrad no_grad;
    Tensor(model.inner.second.weight).fill_(INFINITY);
  }
  const DetectAnomaly on;
  std::string message;
  try {
    model.inner(ones({1, 2}));
  } catch (const GraphError& error) {
    message = error.what();
  }
  CHECK(message.starts_with("linear: the output has "));
  CHECK(message.ends_with(" (in inner.deep.second)"));
}

TEST_CASE("two parameters cannot have the same full name", "[module]") {
  class FlatTwice : public Module {
   public:
    explicit FlatTwice(Rng& rng) {
      child("", Linear(1, 1, rng));
      child("", Linear(1, 1, rng));
    }
  };
  class ParameterAfterPart : public Module {
   public:
    explicit ParameterAfterPart(Rng& rng) {
      child("w", Linear(1, 1, rng));
      parameter("w.bias", ones({1}));
    }
  };
  class PartAfterParameter : public Module {
   public:
    explicit PartAfterParameter(Rng& rng) {
      parameter("w.bias", ones({1}));
      child("w", Linear(1, 1, rng));
    }
  };
  Rng rng(1);
  CHECK_THROWS_WITH(FlatTwice(rng), "module: the name \"bias\" is taken; each parameter needs its own");
  CHECK_THROWS_WITH(ParameterAfterPart(rng),
                    "module: the name \"w.bias\" is taken; each parameter needs its own");
  CHECK_THROWS_WITH(PartAfterParameter(rng),
                    "module: the name \"w.bias\" is taken; each parameter needs its own");
}

TEST_CASE("EvalMode gives every part its own mode back", "[module]") {
  Rng rng(1);
  const Outer model(rng);
  model.inner.eval();
  model.inner.second.train();
  const auto modes = [&] {
    return std::vector<bool>{model.is_training(), model.inner.is_training(), model.inner.first.is_training(),
                             model.inner.second.is_training(), model.flat.is_training()};
  };
  const std::vector<bool> before = modes();
  CHECK(before == std::vector<bool>{true, false, false, true, true});
  {
    const EvalMode eval(model);
    CHECK(modes() == std::vector<bool>(5, false));
  }
  CHECK(modes() == before);
  CHECK_THROWS([&] {
    const EvalMode eval(model);
    model.inner(ones({4, 3}));
  }());
  CHECK(modes() == before);
}

TEST_CASE("what a module was moved from is still a module", "[module]") {
  Rng rng(1);
  Linear from(2, 3, rng);
  const Linear to = std::move(from);
  CHECK(to.num_parameters() == 9);
  CHECK(from.num_parameters() == 9);  // NOLINT(bugprone-use-after-move): the point
  from.eval();
  CHECK_FALSE(to.is_training());
}

TEST_CASE("load_state_dict names an undefined tensor", "[module]") {
  Rng rng(1);
  const Linear layer(2, 3, rng);
  StateDict state = layer.state_dict();
  state["bias"] = Tensor();
  CHECK_THROWS_WITH(layer.load_state_dict(state),
                    "load_state_dict: wrong shape: bias is undefined and should be [3]");
}

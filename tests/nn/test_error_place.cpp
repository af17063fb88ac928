// Errors in a model name the layer by its full name, as named_parameters() has it.
#include "nn/nn.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

class Mlp : public Module {
 public:
  explicit Mlp(Rng& rng)
      : first(child("first", Linear(2, 3, rng))), second(child("deep.second", Linear(3, 1, rng))) {}
  Tensor operator()(const Tensor& x) const {
    const ModuleScope scope = enter();
    return second(tanh(first(x)));
  }
  const Linear first, second;
};

class Outer : public Module {
 public:
  explicit Outer(Rng& rng) : inner(child("inner", Mlp(rng))), nameless(2, 3, rng) {}
  Tensor operator()(const Tensor& x) const {
    const ModuleScope scope = enter();
    return inner(x);
  }
  Tensor through_nameless(const Tensor& x) const {
    const ModuleScope scope = enter();
    return inner(nameless(x));
  }
  const Mlp inner;
  const Linear nameless;  // no part: it has no parent
};

class Whole : public Module {
 public:
  explicit Whole(Rng& rng) : outer(child("outer", Outer(rng))) {}
  const Outer outer;
};

EncoderOptions small() {
  EncoderOptions options;
  options.hidden = 4;
  options.heads = 2;
  options.intermediate = 8;
  return options;
}

template <class F>
std::string message_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("an error in a layer names it, from the whole model down", "[module][place]") {
  Rng rng(1);
  const Whole model(rng);
  const Tensor wrong = ones({1, 5});
  const std::string place = " (in outer.inner.first)";
  const std::string error = message_of([&] { model.outer(wrong); });
  CHECK(error.ends_with(place));
  CHECK(error.starts_with("linear: "));
  // A part that is called by itself is still that part.
  CHECK(message_of([&] { model.outer.inner.first(wrong); }) == error);
  const Linear copy = model.outer.inner.first;
  CHECK(message_of([&] { copy(wrong); }) == error);
  CHECK(module_path().empty());
}

TEST_CASE("a module without a parent has no name, and belongs to whoever calls it", "[module][place]") {
  Rng rng(1);
  const Whole model(rng);
  const Tensor wrong = ones({1, 5});
  const std::string bare = message_of([&] { Linear(2, 3, rng)(wrong); });
  CHECK_FALSE(bare.empty());
  CHECK(bare.find("(in") == std::string::npos);
  CHECK(message_of([&] { model.outer.nameless(wrong); }) == bare);
  CHECK(message_of([&] { model.outer.through_nameless(wrong); }) == bare + " (in outer)");
}

TEST_CASE("a part has the name that its first living holder gave it", "[module][place]") {
  class Holder : public Module {
   public:
    Holder(const std::string& name, const Mlp& mlp) : part(child(name, mlp)) {}
    const Mlp part;
  };
  Rng rng(1);
  const Mlp mlp(rng);
  const Tensor wrong = ones({1, 5});
  const std::string bare = message_of([&] { Linear(2, 3, rng)(wrong); });
  CHECK(message_of([&] { mlp(wrong); }) == bare + " (in first)");
  {
    const Holder source("source", mlp), target("target", mlp);
    CHECK(message_of([&] { mlp(wrong); }) == bare + " (in source.first)");
    CHECK(message_of([&] { target.part(wrong); }) ==
          bare + " (in source.first)");  // it is one part, with one name
  }
  CHECK(message_of([&] { mlp(wrong); }) == bare + " (in first)");  // both holders are gone
  const Holder last("last", mlp);
  CHECK(message_of([&] { mlp(wrong); }) == bare + " (in last.first)");
  CHECK(message_of([&] { mlp.first(wrong); }) == bare + " (in last.first)");
}

TEST_CASE("backward names the layer after the model is gone, and outside its call", "[module][place]") {
  Tensor loss;
  {
    Rng rng(1);
    const Whole model(rng);
    const Tensor y = model.outer(ones({1, 2}));
    loss = sum(y);
    const NoGrad no_grad;
    Tensor(model.outer.inner.second.weight).fill_(0);
  }
  const std::string error = message_of([&] { loss.backward(); });
  CHECK(error.ends_with("was changed in place after it was used (in outer.inner.deep.second)"));
}

TEST_CASE("a residual whose f changes the shape is named", "[module][place]") {
  Rng rng(1);
  class Block : public Module {
   public:
    Block() : around(child("around", Residual(4, {}))) {}
    const Residual around;
  };
  const Block block;
  CHECK_THROWS_WITH(block.around(ones({2, 4}), [](const Tensor& x) { return x.slice(1, 0, 1); }),
                    "residual: x [2, 4] and f(x) [2, 1] must have the same shape (in around)");
}

TEST_CASE("an attention layer deep in an encoder is named as its weights are", "[module][place]") {
  Rng rng(1);
  class Model : public Module {
   public:
    explicit Model(Rng& rng) : encoder(child("encoder", Encoder(small(), rng))) {}
    const Encoder encoder;
  };
  const Model model(rng);
  std::string query;
  for (const auto& [name, tensor] : model.named_parameters()) {
    if (name.starts_with("encoder.layer.1.") && name.ends_with("query.weight")) query = name;
  }
  REQUIRE_FALSE(query.empty());
  query.erase(query.size() - std::string(".weight").size());
  const std::string error = message_of([&] { model.encoder.layers[1].attention.query(ones({2, 3})); });
  CHECK(error.ends_with(" (in " + query + ")"));
  CHECK(message_of([&] {
          model.encoder(ones({1, 3, 4}, DType::f64));
        }).find(" (in encoder.layer.0.") != std::string::npos);
}

#include "nn/optimizers/arena.hpp"

#include "autograd/storage.hpp"
#include "nn/transformer/encoder.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

Encoder small_encoder(uint64_t seed) {
  Rng rng(seed);
  return Encoder({.hidden = 6,
                  .heads = 2,
                  .intermediate = 10,
                  .layers = 2,
                  .hidden_dropout = 0,
                  .attention_dropout = 0,
                  .init = init::normal(0.3)},
                 rng);
}

}  // namespace

TEST_CASE("an arena moves parameters without changing them or their handles", "[arena]") {
  const Encoder model = small_encoder(1), same = small_encoder(1);
  const Tensor handle = model.layers[1].feed_forward.first.weight;
  const Tensor x = ones({1, 3, 6});
  const std::vector<float> before = model(x).to_vector<float>();
  const ParameterArena arena(model);
  CHECK(arena.size() == model.num_parameters());
  CHECK(memory_stats().reserved_bytes == memory_stats().live_bytes);  // nothing is kept of where they lay
  CHECK(model(x).to_vector<float>() == before);
  CHECK(handle.shares_memory_with(arena.values()));
  for (const auto& [name, parameter] : model.named_parameters()) {
    CHECK(parameter.shares_memory_with(arena.values()));
    CHECK(parameter.grad().shares_memory_with(arena.gradients()));
    CHECK(parameter.is_contiguous());
    CHECK(parameter.needs_grad());
    CHECK(same.state_dict().at(name).to_vector<float>() == parameter.to_vector<float>());
  }
  CHECK(reinterpret_cast<uintptr_t>(arena.values().data<float>()) % 64 == 0);
  CHECK(reinterpret_cast<uintptr_t>(arena.gradients().data<float>()) % 64 == 0);
}

TEST_CASE("backward adds into the flat gradients", "[arena]") {
  const Encoder model = small_encoder(2), plain = small_encoder(2);
  const ParameterArena arena(model);
  Rng rng(3);
  const Tensor x = randn({2, 3, 6}, rng), v = randn({2, 3, 6}, rng);
  for (int pass = 1; pass <= 2; ++pass) {  // the second time they are added
    backward({model(x)}, {v});
    backward({plain(x)}, {v});
    const auto expected = plain.named_parameters();
    size_t i = 0;
    for (const auto& [name, parameter] : model.named_parameters()) {
      INFO(name);
      CHECK(parameter.grad().shares_memory_with(arena.gradients()));
      CHECK(parameter.grad().to_vector<float>() == expected[i++].second.grad().to_vector<float>());
    }
  }
  CHECK(sum(abs(arena.gradients())).item() > 0);
  arena.zero_grad();
  CHECK(sum(abs(arena.gradients())).item() == 0);
  CHECK(sum(abs(model.parameters()[0].grad())).item() == 0);
}

TEST_CASE("weights that decay come first, and query, key and value are one matrix", "[arena]") {
  const Encoder model = small_encoder(4);
  const ParameterArena arena(model);
  int64_t decaying = 0;
  for (const auto& entry : arena.entries()) {
    CHECK(decays_by_name(entry.name) == (entry.offset < arena.decaying()));
    if (decays_by_name(entry.name)) decaying += entry.parameter.numel();
  }
  CHECK(arena.decaying() == decaying);
  CHECK(decays_by_name("embeddings.word_embeddings.weight"));
  CHECK_FALSE(decays_by_name("embeddings.LayerNorm.weight"));
  CHECK_FALSE(decays_by_name("cls.predictions.bias"));
  CHECK_FALSE(decays_by_name("norm.weight"));

  const MultiHeadAttention& attention = model.layers[0].attention;
  CHECK(attention.key.weight.offset() == attention.query.weight.offset() + 36);
  CHECK(attention.value.weight.offset() == attention.key.weight.offset() + 36);
  CHECK(attention.value.bias.offset() == attention.query.bias.offset() + 12);
  const Tensor all = attention.query.weight.as_view({18, 6}, {6, 1}, attention.query.weight.offset());
  CHECK(all.at({13, 2}) == attention.value.weight.at({1, 2}));
}

TEST_CASE("an arena takes back gradients that were cleared or replaced", "[arena]") {
  Rng rng(5);
  const Linear layer(2, 2, rng);
  const ParameterArena arena(layer);
  Tensor weight = layer.weight, bias = layer.bias;
  weight.set_grad(full({2, 2}, 3));
  bias.set_grad(full({2}, 4));
  arena.gather();
  CHECK(arena.gradients().to_vector<float>() == std::vector<float>{3, 3, 3, 3, 4, 4});
  weight.clear_grad();
  arena.gather();
  CHECK(arena.gradients().to_vector<float>() == std::vector<float>{0, 0, 0, 0, 4, 4});
  CHECK(weight.grad().shares_memory_with(arena.gradients()));
}

TEST_CASE("an arena leaves frozen parameters where they are, and refuses a module that moved", "[arena]") {
  Rng rng(6);
  const Linear layer(2, 3, rng);
  Tensor(layer.weight).requires_grad(false);
  const ParameterArena arena(layer);
  CHECK(arena.size() == 3);
  CHECK_FALSE(layer.weight.shares_memory_with(arena.values()));
  layer.to(DType::f64);
  CHECK_THROWS_WITH(
      arena.gather(),
      "arena: bias was moved to other memory; convert the module or make another optimizer for it "
      "before this one");
  Tensor(layer.bias).requires_grad(false);
  CHECK_THROWS_WITH(ParameterArena(layer), "arena: there is no parameter that requires a gradient");

  class Mixed : public Module {
   public:
    Mixed() {
      parameter("a", ones({1}));
      parameter("b", ones({1}, DType::f64));
    }
  };
  CHECK_THROWS_WITH(ParameterArena(Mixed()), "arena: a is f32 and b is f64; convert the module with to()");
}

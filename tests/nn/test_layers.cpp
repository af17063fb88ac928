// The layers, each against its composed form or values by hand, and its gradients in f64.
#include <cmath>

#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "nn/positional.hpp"
#include "nn/transformer/decoder.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

TEST_CASE("linear is x W^T + b", "[layers]") {
  Rng rng(1);
  const Linear layer(2, 3, rng);
  layer.load_state_dict({{"weight", tensor({1.f, 2.f, 3.f, 4.f, 5.f, 6.f}, Shape{3, 2})},
                         {"bias", tensor({10.f, 20.f, 30.f})}});
  const Tensor x = tensor({1.f, -1.f, 2.f, 0.f}, Shape{2, 2});
  CHECK(layer(x).to_vector<float>() == std::vector<float>{9, 19, 29, 12, 26, 40});
  CHECK(layer.without_bias(x).to_vector<float>() == std::vector<float>{-1, -1, -1, 2, 6, 10});
  CHECK(layer(zeros({4, 5, 2})).shape() == Shape{4, 5, 3});
  CHECK_FALSE(Linear(2, 3, rng, {.bias = false}).bias.defined());
  CHECK(Linear(2, 3, rng).bias.to_vector<float>() == std::vector<float>{0, 0, 0});
  check_gradients(layer, [&](const auto& in) { return layer(in[0]); }, {random_normal({2, 4, 2}, 2)});
}

TEST_CASE("embedding takes rows, and may begin with a row of zeros", "[layers]") {
  Rng rng(1);
  const Embedding table(5, 3, rng, {.init = init::normal(1), .zero_row = 2});
  const Tensor ids = tensor({4, 2, 4, 0}, Shape{2, 2});
  const Tensor y = table(ids);
  CHECK(y.shape() == Shape{2, 2, 3});
  CHECK(y.at({0, 0, 1}) == table.weight.at({4, 1}));
  CHECK(y.at({0, 1, 0}) == 0);
  CHECK(table.weight.at({1, 0}) != 0);
  check_gradients(table, [&](const auto& in) { return tanh(table(in[0])); }, {ids});
  CHECK_THROWS_WITH(Embedding(5, 3, rng, {.zero_row = 5}),
                    "embedding: zero_row 5 is outside a table of 5 rows");
}

TEST_CASE("layer norm gives rows of mean 0 and variance 1, then scales and shifts", "[layers]") {
  const LayerNorm norm(4, 0);
  const Tensor x = tensor({1.f, 2.f, 3.f, 4.f, -1.f, -1.f, 1.f, 1.f}, Shape{2, 4});
  const std::vector<float> y = norm(x).to_vector<float>();
  const double unit = 1 / std::sqrt(5.0);
  CHECK(y[0] == Approx(-3 * unit));
  CHECK(y[3] == Approx(3 * unit));
  CHECK(y[4] == Approx(-1));
  CHECK(y[7] == Approx(1));
  const LayerNorm other(5, 1e-3);
  check_gradients(other, [&](const auto& in) { return other(in[0]); }, {random_normal({3, 5}, 3)});
}

TEST_CASE("dropout draws one seed a call, in training only", "[layers]") {
  const Dropout drop(0.25);
  const Tensor x = ones({100, 100});
  manual_seed(7);
  const Tensor once = drop(x), again = drop(x);
  CHECK(once.to_vector<float>() != again.to_vector<float>());
  manual_seed(7);
  CHECK(drop(x).to_vector<float>() == once.to_vector<float>());
  CHECK(mean(once).item() == Approx(1).margin(0.02));
  CHECK(max(once).item() == Approx(1 / 0.75));

  const Rng::State before = default_rng().state();
  CHECK(Dropout(0)(x).shares_memory_with(x));
  drop.eval();
  CHECK(drop(x).shares_memory_with(x));
  CHECK(default_rng().state() == before);
  drop.train();
  const auto squared = [&](const std::vector<Tensor>& in) { return drop(in[0] * in[0]); };
  CHECK(gradcheck(squared, {random_normal({4, 5}, 4)}).passed);
  CHECK(gradcheck(squared, {random_normal({4, 5}, 4)}, {.second_order = true}).passed);
  CHECK_THROWS_WITH(Dropout(1), "dropout: the probability must be in [0, 1), not 1");
  CHECK_THROWS_WITH(Dropout(-0.5), "dropout: the probability must be in [0, 1), not -0.5");
}

TEST_CASE("initial values have the distribution they name", "[layers]") {
  Rng rng(2);
  const auto spread = [](const Tensor& x) { return std::sqrt(var(x).item()); };
  const Tensor normal = init::normal(0.02)({100, 100}, rng);
  CHECK(spread(normal) == Approx(0.02).epsilon(0.03));
  CHECK(max(abs(normal)).item() > 0.05);
  const Tensor cut = init::truncated_normal(0.02)({100, 100}, rng);
  CHECK(max(abs(cut)).item() <= 0.04f);
  CHECK(spread(cut) == Approx(0.02 * 0.8796).epsilon(0.03));  // of a normal cut at two deviations
  const Tensor xavier = init::xavier_uniform()({100, 50}, rng);
  CHECK(max(abs(xavier)).item() == Approx(std::sqrt(6.0 / 150)).epsilon(0.01));
  const Tensor he = init::he_uniform()({100, 50}, rng);
  CHECK(max(abs(he)).item() == Approx(std::sqrt(6.0 / 50)).epsilon(0.01));
  CHECK(max(abs(init::uniform(3)({100}, rng))).item() <= 3);
  CHECK(sum(init::zeros()({3}, rng)).item() == 0);
  CHECK(sum(init::ones()({3}, rng)).item() == 3);
  CHECK_THROWS_WITH(init::xavier_uniform()({3}, rng),
                    "xavier_uniform: needs the shape [out, in] of a weight, not [3]");
}

TEST_CASE("a layer names a negative size", "[layers]") {
  Rng rng(1);
  CHECK_THROWS_WITH(Linear(-1, 2, rng), "linear: in must be at least 0, not -1");
  CHECK_THROWS_WITH(Linear(2, -1, rng), "linear: out must be at least 0, not -1");
  CHECK_THROWS_WITH(LayerNorm(-3), "layer norm: hidden must be at least 0, not -3");
  CHECK_THROWS_WITH(Embedding(-5, 3, rng), "embedding: rows must be at least 0, not -5");
  CHECK_THROWS_WITH(Embedding(5, -3, rng), "embedding: hidden must be at least 0, not -3");
  CHECK_THROWS_WITH(Encoder({.hidden = 4, .heads = 2, .layers = -1}, rng),
                    "encoder: layers must be at least 0, not -1");
  CHECK_THROWS_WITH(Decoder({.hidden = 4, .heads = 2, .layers = -1}, rng),
                    "decoder: layers must be at least 0, not -1");
  CHECK_THROWS_WITH(SinusoidalPositions(-1, 2), "sinusoids: rows must be at least 0, not -1");
  CHECK_THROWS_WITH(LearnedPositions(-1, 2, rng), "learned positions: rows must be at least 0, not -1");
  CHECK_THROWS_WITH(SegmentEmbedding(2, -1, rng), "segment embedding: hidden must be at least 0, not -1");
}

TEST_CASE("without draws a layer begins with zeros and leaves the generator as it was", "[layers]") {
  Rng rng(3);
  const Rng::State before = rng.state();
  {
    const WithoutDraws none;
    const Linear layer(4, 3, rng);
    CHECK(layer.weight.to_vector<float>() == std::vector<float>(12));
    for (const Init& init : {init::normal(1), init::truncated_normal(1), init::uniform(1),
                             init::xavier_uniform(), init::he_uniform()})
      CHECK(init({2, 2}, rng).to_vector<float>() == std::vector<float>(4));
    CHECK(rng.state() == before);
    CHECK(init::ones()({2}, rng).to_vector<float>() == std::vector<float>(2, 1));
  }
  const Linear layer(4, 3, rng);
  CHECK(layer.weight.to_vector<float>() != std::vector<float>(12));
}

// What is computed again in backward has the bits of what is kept, and takes less memory.
#include "nn/recompute.hpp"

#include "autograd/storage.hpp"
#include "nn/transformer/encoder.hpp"
#include "support/catch.hpp"

using namespace gradus;
using namespace gradus::nn;

namespace {

struct Gradients {
  std::vector<double> output, input;
  std::vector<std::vector<double>> parameters;
  Rng::State random;
  bool operator==(const Gradients&) const = default;
};

/// Of an encoder with dropout, whose output has uneven cotangents.
Gradients gradients_of(const Encoder& encoder, bool recomputes, const Tensor& positions = {},
                       bool input_needs_grad = true) {
  const RecomputeLayers recompute(recomputes);
  encoder.zero_grad();
  manual_seed(7);
  Rng rng(3);
  const Tensor x = randn({2, 5, 8}, rng, DType::f64).requires_grad(input_needs_grad);
  const Tensor y = positions.defined() ? encoder.at_positions(positions, x) : encoder(x);
  const Tensor cotangent = randn(y.shape(), rng, DType::f64);
  backward({y}, {cotangent});
  Gradients all{y.to_vector<double>(), {}, {}, default_rng().state()};
  if (input_needs_grad) all.input = x.grad().to_vector<double>();
  for (const Tensor& p : encoder.parameters()) all.parameters.push_back(p.grad().to_vector<double>());
  return all;
}

Encoder small_encoder(int64_t layers = 3) {
  Rng rng(1);
  Encoder encoder({.hidden = 8, .heads = 2, .intermediate = 16, .layers = layers}, rng);
  encoder.to(DType::f64);
  return encoder;
}

}  // namespace

TEST_CASE("recompute: the same bits, with dropout, of all gradients", "[recompute]") {
  const Encoder encoder = small_encoder();
  const Gradients kept = gradients_of(encoder, false);
  CHECK(kept.input != std::vector<double>(kept.input.size(), 0.0));
  CHECK((gradients_of(encoder, true) == kept));
  const Tensor positions = tensor<int64_t>({9, 0, 4});
  CHECK((gradients_of(encoder, true, positions) == gradients_of(encoder, false, positions)));
  CHECK((gradients_of(encoder, true, {}, false) == gradients_of(encoder, false, {}, false)));
}

TEST_CASE("recompute: the same bits in f32, where a kernel that keeps its slope may round in its own way",
          "[recompute]") {
  Rng rng(1);
  const double dropout = GENERATE(0.0, 0.1);
  const Encoder encoder({.hidden = 128,
                         .heads = 2,
                         .intermediate = 512,
                         .layers = 2,
                         .hidden_dropout = dropout,
                         .attention_dropout = dropout,
                         .init = init::normal(0.1)},
                        rng);
  const Tensor positions = tensor<int64_t>({0, 5, 17, 64, 99, 128, 200, 255});
  const auto gradients = [&](bool recomputes) {
    const RecomputeLayers recompute(recomputes);
    encoder.zero_grad();
    manual_seed(7);
    Rng numbers(3);
    const Tensor x = randn({4, 64, 128}, numbers).requires_grad();
    const Tensor y = encoder.at_positions(positions, x);
    backward({y}, {randn(y.shape(), numbers)});
    std::vector<std::vector<float>> all = {y.to_vector<float>(), x.grad().to_vector<float>()};
    for (const Tensor& p : encoder.parameters()) all.push_back(p.grad().to_vector<float>());
    return all;
  };
  CHECK((gradients(true) == gradients(false)));
}

TEST_CASE("recompute: frozen parameters stay without a gradient", "[recompute]") {
  const Encoder encoder = small_encoder();
  for (Tensor p : encoder.layers[1].parameters()) p.requires_grad(false);
  const RecomputeLayers recompute;
  Rng rng(3);
  sum(encoder(randn({1, 4, 8}, rng, DType::f64))).backward();
  for (const Tensor& p : encoder.layers[1].parameters()) CHECK_FALSE(p.grad().defined());
  for (const Tensor& p : encoder.layers[0].parameters()) CHECK(p.grad().defined());
}

TEST_CASE("recompute: a hook on a parameter is called once", "[recompute]") {
  const Encoder encoder = small_encoder(1);
  int calls = 0;
  Tensor bias = encoder.layers[0].attention.query.bias;
  bias.register_hook([&](const Tensor&) {
    ++calls;
    return Tensor();
  });
  gradients_of(encoder, true);
  CHECK(calls == 1);
}

TEST_CASE("recompute: a deep encoder holds one layer's inside, not all", "[recompute]") {
  const auto peak = [](bool recomputes) {
    Rng rng(1);
    const Encoder encoder({.hidden = 32, .heads = 2, .intermediate = 128, .layers = 12}, rng);
    const RecomputeLayers recompute(recomputes);
    const Tensor x = randn({4, 32, 32}, rng).requires_grad();
    sum(encoder(x)).backward();  // which makes the gradients
    const int64_t before = memory_stats().live_bytes;
    reset_peak_memory();
    sum(encoder(x)).backward();
    return memory_stats().peak_bytes - before;
  };
  CHECK(static_cast<double>(peak(true)) < 0.3 * static_cast<double>(peak(false)));
}

TEST_CASE("recompute: gradients of gradients are refused", "[recompute]") {
  const Encoder encoder = small_encoder(1);
  const RecomputeLayers recompute;
  Rng rng(3);
  const Tensor x = randn({1, 4, 8}, rng, DType::f64).requires_grad();
  CHECK_THROWS_WITH(grad({sum(encoder(x))}, {x}, {}, {.create_graph = true}),
                    "recomputed: its gradients cannot be differentiated again; leave it out for that");
}

TEST_CASE("recompute: without a tape it is the function itself", "[recompute]") {
  const Encoder encoder = small_encoder(1);
  encoder.eval();
  Rng rng(3);
  const Tensor x = randn({1, 4, 8}, rng, DType::f64);
  const NoGrad no_grad;
  const RecomputeLayers recompute;
  CHECK(encoder(x).to_vector<double>() == encoder.layers[0](x).to_vector<double>());
  CHECK(recomputes_layers());
}

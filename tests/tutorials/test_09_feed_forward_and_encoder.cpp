// Chapter 9: the feed-forward network, its gated kinds and the encoder layer by hand, held to the library.
#include <cmath>

#include "support/catch.hpp"
#include "support/layers.hpp"
#include "tutorials/09_feed_forward_and_encoder/feed_forward_and_encoder.hpp"
#include "tutorials/09_feed_forward_and_encoder/small_task.hpp"

using namespace gradus;
using namespace gradus::test;
using namespace gradus::tutorials;

namespace {

const nn::EncoderOptions small = {
    .hidden = 6, .heads = 2, .intermediate = 10, .layers = 2, .init = nn::init::normal(0.4)};

/// The bend of each kind, by its own formula.
Bend bend_of(const std::string& name) {
  if (name == "ReLU" || name == "ReGLU") return relu;
  if (name == "GELU" || name == "GEGLU") return gelu_by_hand;
  if (name == "GLU") return sigmoid;
  if (name == "SwiGLU") return [](const Tensor& x) { return x * sigmoid(x); };
  return [](const Tensor& x) { return x; };
}

void check_both_orders(const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                       const std::vector<Tensor>& inputs) {
  for (const bool second_order : {false, true}) {
    const GradcheckReport report =
        gradcheck(fn, inputs, {.directions = second_order ? 2 : 0, .second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }
}

}  // namespace

TEST_CASE("chapter 9: GELU by hand, both forms, are the library's, with their gradients", "[tutorials]") {
  const Tensor x = random_normal({5, 7}, 1) * 2;
  CHECK(worst_difference(gelu_by_hand(x), gelu(x)) < 1e-12);
  CHECK(worst_difference(gelu_tanh_by_hand(x), gelu_tanh(x)) < 1e-12);
  check_both_orders([](const auto& in) { return gelu_by_hand(in[0]); }, {random_normal({5}, 2)});
  check_both_orders([](const auto& in) { return gelu_tanh_by_hand(in[0]); }, {random_normal({5}, 3)});
}

TEST_CASE("chapter 9: every kind of feed-forward network is nn::FeedForward's", "[tutorials]") {
  const Tensor x = random_normal({2, 3, 4}, 4);
  for (const auto& [name, kind] : feed_forward_kinds) {
    INFO(name);
    Rng rng(5);
    const nn::FeedForward library(4, 6, rng, {.kind = kind});
    library.to(DType::f64);
    const bool gated = kind.gated;
    const auto mine = [&, &label = name](const Tensor& in) {
      const FeedForwardWeights w = weights_of(library);
      return gated ? gated_feed_forward(in, w, bend_of(label)) : feed_forward(in, w, bend_of(label));
    };
    CHECK(worst_difference(mine(x), library(x)) < 1e-12);
    check_gradients(
        library, [&](const auto& in) { return mine(in[0]); }, {x}, 3);
  }
}

TEST_CASE("chapter 9: the encoder layer by hand is nn::Encoder's", "[tutorials]") {
  Rng rng(6);
  const nn::Encoder encoder(small, rng);
  encoder.to(DType::f64);
  encoder.eval();
  const Tensor x = random_normal({2, 4, 6}, 7);
  Tensor mine = x;
  for (const nn::EncoderLayer& layer : encoder.layers) mine = encoder_layer(mine, weights_of(layer));
  CHECK(worst_difference(mine, encoder(x)) < 1e-11);
  const nn::EncoderLayer& first = encoder.layers[0];
  check_gradients(
      first, [&](const auto& in) { return encoder_layer(in[0], weights_of(first)); }, {x}, 3);
  const Tensor order = tensor<int64_t>({2, 0, 3, 1});
  CHECK(worst_difference(encoder(index_select(x, 1, order)), index_select(encoder(x), 1, order)) < 1e-11);
}

TEST_CASE("chapter 9: feed-forward is per token, attention is not", "[tutorials]") {
  Rng rng(8);
  const nn::EncoderLayer layer(small, rng);
  layer.to(DType::f64);
  const EncoderWeights w = weights_of(layer);
  const Tensor x = random_normal({1, 3, 6}, 9);
  const Tensor think =
      influence([&](const Tensor& in) { return feed_forward(in, w.feed_forward, gelu_by_hand); }, x);
  const Tensor look = influence([&](const Tensor& in) { return attention(in, w); }, x);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 3; ++j) {
      CHECK((think.at({i, j}) == 0) == (i != j));
      CHECK(look.at({i, j}) > 0);
    }
  }
  // Against differences: the block of one pair of words.
  const auto f = [&](const Tensor& in) { return attention(in, w); };
  double squares = 0;
  for (int64_t c = 0; c < 6; ++c) {
    Tensor step = zeros({1, 3, 6}, DType::f64);
    step.select(1, 2).select(1, c).fill_(1e-5);
    const Tensor column = (f(x + step).detach() - f(x - step).detach()).select(1, 0) / 2e-5;
    squares += sum(column * column).item();
  }
  CHECK(look.at({0, 2}) == Approx(std::sqrt(squares)).epsilon(1e-6));
}

TEST_CASE("chapter 9: a gate wins on products", "[tutorials]") {
  const double plain = task_error(nn::FeedForwardKind::gelu, 48, TokenTask::products, 1, 200);
  const double bilinear = task_error(nn::FeedForwardKind::bilinear, 32, TokenTask::products, 1, 200);
  CHECK(bilinear < 0.5 * plain);
  CHECK(plain < 1);
  CHECK(task_error(nn::FeedForwardKind::relu, 48, TokenTask::smooth, 1, 200) < 0.6);
}

TEST_CASE("chapter 9, museum: without a bend, sums are kept, and a swapped gate changes the output",
          "[tutorials]") {
  Rng rng(10);
  const nn::FeedForward plain(4, 8, rng);
  plain.to(DType::f64);
  const Tensor x = random_normal({3, 4}, 11), y = random_normal({3, 4}, 12);
  for (const bool bug : {false, true}) {
    FeedForwardWeights w = weights_of(plain);
    w.forget_bend = bug;
    const auto f = [&](const Tensor& in) { return feed_forward(in, w, gelu_by_hand); };
    CHECK((worst_difference(f(x + y), f(x) + f(y) - f(x * 0)) < 1e-10) == bug);
    CHECK((worst_difference(f(x), plain(x)) < 1e-10) != bug);
    CHECK(gradcheck([&](const auto& in) { return f(in[0]); }, {x}).passed);
  }
  const nn::FeedForward gated(4, 8, rng, {.kind = nn::FeedForwardKind::swiglu});
  gated.to(DType::f64);
  for (const bool bug : {false, true}) {
    FeedForwardWeights w = weights_of(gated);
    w.swap_gate = bug;
    CHECK((worst_difference(gated_feed_forward(x, w, silu), gated(x)) < 1e-10) != bug);
  }
}

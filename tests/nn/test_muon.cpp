#include "nn/optimizers/muon.hpp"

#include <cmath>

#include "nn/optimizers/optimizer_names.hpp"
#include "nn/transformer/encoder.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

/// An orthogonal matrix [2, 2].
Tensor rotation(double angle) {
  return tensor({std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)}, Shape{2, 2});
}

/// The singular values of a matrix [2, 2], the larger first: those of A are the roots of A^T A's eigenvalues.
std::pair<double, double> singular_values(const Tensor& x) {
  const Tensor a = matmul(x.transpose(0, 1), x);
  const double trace = a.at({0, 0}) + a.at({1, 1});
  const double determinant = a.at({0, 0}) * a.at({1, 1}) - a.at({0, 1}) * a.at({1, 0});
  const double spread = std::sqrt(std::max(0.0, trace * trace / 4 - determinant));
  return {std::sqrt(trace / 2 + spread), std::sqrt(std::max(0.0, trace / 2 - spread))};
}

/// An encoder of one layer, whose names begin with "layer.0.".
Encoder small_encoder(uint64_t seed) {
  Rng rng(seed);
  return Encoder({.hidden = 8,
                  .heads = 2,
                  .intermediate = 12,
                  .layers = 1,
                  .hidden_dropout = 0,
                  .attention_dropout = 0,
                  .init = init::normal(0.3)},
                 rng);
}

void take_step(const Encoder& encoder, Optimizer& optimizer, uint64_t seed) {
  Rng rng(seed);
  optimizer.zero_grad();
  const Tensor y = encoder(randn({2, 3, 8}, rng));
  sum(y * randn({2, 3, 8}, rng)).backward();
  optimizer.clipped_step(1);
}

}  // namespace

TEST_CASE("orthogonalized: singular values a hundred times apart come close to 1, and directions stay",
          "[muon]") {
  for (const double ratio : {1.0, 0.3, 0.1, 0.03, 0.01}) {
    INFO(ratio);
    const Tensor s = tensor({5.0, 0.0, 0.0, 5.0 * ratio}, Shape{2, 2});
    const Tensor u = rotation(0.4), v = rotation(-1.1);
    const auto [most, least] = singular_values(orthogonalized(matmul(matmul(u, s), v)));
    CHECK(most < 1.25);
    CHECK(least > 0.65);
    // U^T (U S' V) V^T is S', with nothing beside its diagonal.
    const Tensor back =
        matmul(matmul(u.transpose(0, 1), orthogonalized(matmul(matmul(u, s), v))), v.transpose(0, 1));
    CHECK(std::abs(back.at({0, 1})) < 1e-12);
    CHECK(std::abs(back.at({1, 0})) < 1e-12);
    CHECK(back.at({0, 0}) > 0);
    CHECK(back.at({1, 1}) > 0);
  }
}

TEST_CASE("orthogonalized: a tall matrix is the transpose of a wide one, and size does not count", "[muon]") {
  const Tensor x = random_normal({3, 7}, 5);
  const Tensor wide = orthogonalized(x);
  CHECK(wide.shape() == Shape{3, 7});
  CHECK(worst_difference(orthogonalized(x.transpose(0, 1)), wide.transpose(0, 1)) < 1e-12);
  CHECK(worst_difference(orthogonalized(x * 1000.0), wide) < 1e-12);
  const Tensor nothing = zeros({3, 2}, DType::f64);
  CHECK(worst_difference(orthogonalized(nothing), nothing) == 0);
  CHECK_THROWS_WITH(orthogonalized(zeros({2, 3, 4})), "orthogonalized: x [2, 3, 4] must be a matrix");
}

TEST_CASE("muon: what is no hidden matrix steps as with AdamW, and matrices do not", "[muon]") {
  const Encoder a = small_encoder(1), b = small_encoder(1);
  Muon muon(a, {.lr = 0.01});
  AdamW adamw(b, {.lr = 0.01});
  take_step(a, muon, 7);
  take_step(b, adamw, 7);
  const auto mine = a.named_parameters(), others = b.named_parameters();
  REQUIRE(mine.size() == others.size());
  int matrices = 0;
  for (size_t i = 0; i < mine.size(); ++i) {
    INFO(mine[i].first);
    const bool same = mine[i].second.to_vector<float>() == others[i].second.to_vector<float>();
    CHECK(same == (mine[i].second.rank() != 2));
    matrices += mine[i].second.rank() == 2;
  }
  CHECK(matrices == 6);  // query, key, value, output, and two of the feed-forward network
}

TEST_CASE("muon: a step over a hidden matrix is about as large as AdamW's", "[muon]") {
  // A step of AdamW moves each number by about the rate; the root mean square of Muon's is 0.2 times the
  // rate, for its numbers are not all of one size (Liu et al. 2025, section 2.2).
  const Encoder a = small_encoder(1);
  const Tensor& weight = a.layers[0].feed_forward.first.weight;
  const Tensor before = weight.detach().clone();
  Muon muon(a, {.lr = 0.01, .weight_decay = 0});
  take_step(a, muon, 7);
  const Tensor step = weight.detach() - before;
  const double mean_square = mean(step * step).item();
  CHECK(std::sqrt(mean_square) > 0.65 * 0.2 * 0.01);
  CHECK(std::sqrt(mean_square) < 1.25 * 0.2 * 0.01);
}

TEST_CASE("muon: its state goes on where it was saved", "[muon]") {
  const Encoder a = small_encoder(1), b = small_encoder(2);
  Muon first(a), second(b);
  for (uint64_t step = 0; step < 3; ++step) take_step(a, first, step);
  b.load_state_dict(a.state_dict());
  second.load_state_dict(first.state_dict());
  take_step(a, first, 9);
  take_step(b, second, 9);
  const auto mine = a.named_parameters(), others = b.named_parameters();
  for (size_t i = 0; i < mine.size(); ++i)
    CHECK(mine[i].second.to_vector<float>() == others[i].second.to_vector<float>());
}

TEST_CASE("muon: refuses parameters without a hidden matrix", "[muon]") {
  Rng rng(1);
  const Linear layer(3, 2, rng);  // "weight" and "bias": of no layer in a stack
  CHECK_THROWS_WITH(
      Muon(layer),
      "muon: no parameter is a matrix of a hidden layer, so there is nothing for it to do; name them in "
      "MuonOptions::hidden, or take adamw");
  CHECK(in_a_layer("layer.0.output.dense.weight"));
  CHECK(in_a_layer("bert.encoder.layer.1.attention.self.query.weight"));
  CHECK(!in_a_layer("bert.embeddings.word_embeddings.weight"));
  CHECK(!in_a_layer("player.0.weight"));
}

TEST_CASE("optimizer_by_name: the betas reach Adam and its kin", "[optimizer]") {
  for (const char* name : {"adam", "adamw", "bert-adam", "muon"}) {
    INFO(name);
    const Encoder a = small_encoder(1), b = small_encoder(1), c = small_encoder(1);
    const auto usual = optimizer_by_name(name, a), first = optimizer_by_name(name, b, {.beta1 = 0.5}),
               second = optimizer_by_name(name, c, {.beta2 = 0.9});
    for (uint64_t step = 0; step < 2; ++step) {
      take_step(a, *usual, step);
      take_step(b, *first, step);
      take_step(c, *second, step);
    }
    const auto bias = [](const Encoder& e) { return e.layers[0].feed_forward.first.bias.to_vector<float>(); };
    CHECK(bias(a) != bias(b));
    CHECK(bias(a) != bias(c));
  }
}

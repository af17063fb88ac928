// Pooling a sequence into one vector: formulas, masks, gradients, misuse.
#include <cmath>
#include <limits>

#include "nn/pooling.hpp"
#include "support/catch.hpp"
#include "support/layers.hpp"

using namespace gradus;
using namespace gradus::nn;
using namespace gradus::test;

namespace {

/// The second row has two positions that count, the third none.
Tensor some() {
  return tensor<bool>({true, true, true, true, true, true, false, false, false, false, false, false},
                      Shape{3, 4});
}

}  // namespace

TEST_CASE("mean pooling counts what the mask allows", "[pooling]") {
  const Tensor x = random_normal({3, 4, 5}, 1);
  CHECK(worst_difference(mean_pool(x), mean(x, Axes{1})) < 1e-15);
  const Tensor y = mean_pool(x, some());
  CHECK(y.shape() == Shape{3, 5});
  CHECK(worst_difference(y.select(0, 0), mean(x.select(0, 0), Axes{0})) < 1e-15);
  CHECK(worst_difference(y.select(0, 1), mean(x.select(0, 1).slice(0, 0, 2), Axes{0})) < 1e-15);
  CHECK(worst_difference(y.select(0, 2), zeros({5}, DType::f64)) == 0);
  Tensor poisoned = x.clone();
  poisoned.select(0, 1).slice(0, 2, 4).fill_(std::nan(""));
  CHECK(worst_difference(mean_pool(poisoned, some()), y) == 0);
  for (const bool second_order : {false, true}) {
    const auto squares = [](const std::vector<Tensor>& in) { return mean_pool(in[0] * in[0], some()); };
    CHECK(gradcheck(squares, {x}, {.second_order = second_order}).passed);
  }
  CHECK_THROWS_WITH(mean_pool(ones({3, 4})), "mean_pool: x must be [B, T, H], not [3, 4]");
  CHECK_THROWS_WITH(mean_pool(x, some().transpose(0, 1)),
                    "mean_pool: the mask [4, 3] does not fit x [3, 4, 5]: it must be [3, 4]");
  CHECK_THROWS_WITH(mean_pool(x, ones({3, 4})), "mean_pool: the mask must be bool, not f32");
}

TEST_CASE("attention pooling is what its formula says", "[pooling]") {
  Rng rng(2);
  const AttentionPooling pool(5, rng, {.size = 3});
  pool.to(DType::f64);
  const Tensor x = random_normal({3, 4, 5}, 3);
  const auto [y, weights] = pool.with_weights(x);
  CHECK(y.shape() == Shape{3, 5});
  CHECK(weights.shape() == Shape{3, 4});
  for (int64_t b = 0; b < 3; ++b) {
    std::vector<double> score;
    double total = 0;
    for (int64_t t = 0; t < 4; ++t) {
      double u = 0;
      for (int64_t d = 0; d < 3; ++d) {
        double z = pool.dense.bias.at({d});
        for (int64_t h = 0; h < 5; ++h) z += pool.dense.weight.at({d, h}) * x.at({b, t, h});
        u += pool.query.weight.at({0, d}) * std::tanh(z);
      }
      score.push_back(std::exp(u));
      total += score.back();
    }
    for (int64_t t = 0; t < 4; ++t) {
      CHECK(weights.at({b, t}) == Approx(score[static_cast<size_t>(t)] / total));
    }
  }
  CHECK(worst_difference(y, sum(x * weights.unsqueeze(2), Axes{1})) < 1e-14);
}

TEST_CASE("attention pooling does not see what is masked, and has right gradients", "[pooling]") {
  for (const int64_t queries : {1, 2}) {
    Rng rng(4);
    const AttentionPooling pool(5, rng, {.queries = queries});
    pool.to(DType::f64);
    const Tensor x = random_normal({3, 4, 5}, 5);
    const auto [y, weights] = pool.with_weights(x, some());
    CHECK(y.shape() == (queries == 1 ? Shape{3, 5} : Shape{3, 2, 5}));
    CHECK(weights.shape() == (queries == 1 ? Shape{3, 4} : Shape{3, 2, 4}));
    CHECK(max(abs(weights.select(0, 1).slice(-1, 2, 4))).item() == 0);
    CHECK(max(abs(y.select(0, 2))).item() == 0);
    Tensor poisoned = x.clone();
    poisoned.select(0, 1).slice(0, 2, 4).fill_(std::numeric_limits<double>::infinity());
    CHECK(worst_difference(pool(poisoned, some()), y) == 0);
    CHECK(worst_difference(pool(x.slice(0, 1, 2).slice(1, 0, 2)), y.slice(0, 1, 2)) < 1e-14);
    check_gradients(pool, [&](const auto& in) { return pool(in[0]); }, {x});
    check_gradients(pool, [&](const auto& in) { return pool(in[0], some()); }, {x});
  }
}

TEST_CASE("attention pooling refuses what does not fit", "[pooling]") {
  Rng rng(1);
  const AttentionPooling pool(5, rng);
  CHECK_THROWS_WITH(pool(ones({3, 5})), "attention pooling: x must be [B, T, 5], not [3, 5]");
  CHECK_THROWS_WITH(pool(ones({3, 4, 5}), tensor({true, false})),
                    "attention pooling: the mask [2] does not fit x [3, 4, 5]: it must be [3, 4]");
  CHECK_THROWS_WITH(AttentionPooling(5, rng, {.queries = 0}),
                    "attention pooling: 0 queries are too few: at least 1");
}

// Training gives the same bits on any number of threads.
#include <cmath>

#include "autograd/engine.hpp"
#include "autograd/grad_mode.hpp"
#include "support/catch.hpp"
#include "support/kernels.hpp"
#include "support/op_check.hpp"

using namespace gradus;

namespace {

constexpr int64_t B = 4, S = 96, H = 64, A = 4, I = 128, V = 50;  // several pieces in every kernel

/// A small encoder layer over embeddings, with every fused op, and a classifier.
struct Network {
  Tensor word, type, position, norm_weight, norm_bias, qkv_weight, qkv_bias, out_weight, out_bias, up_weight,
      up_bias, down_weight, down_bias;

  Network() {
    Rng rng(5);
    const auto matrix = [&](int64_t rows, int64_t cols) { return randn({rows, cols}, rng) * 0.1; };
    word = matrix(V, H), type = matrix(2, H), position = matrix(S, H);
    norm_weight = ones({H}), norm_bias = zeros({H});
    qkv_weight = matrix(3 * H, H), qkv_bias = zeros({3 * H});
    out_weight = matrix(H, H), out_bias = zeros({H});
    up_weight = matrix(I, H), up_bias = zeros({I});
    down_weight = matrix(H, I), down_bias = zeros({H});
    for (Tensor* p : parameters()) p->requires_grad();
  }

  std::vector<Tensor*> parameters() {
    return {&word,       &type,     &position,  &norm_weight, &norm_bias,   &qkv_weight, &qkv_bias,
            &out_weight, &out_bias, &up_weight, &up_bias,     &down_weight, &down_bias};
  }

  Tensor loss(const Tensor& ids, const Tensor& types, const Tensor& mask, const Tensor& targets,
              uint64_t seed) const {
    Tensor x = layer_norm(embedding_sum(word, type, position, ids, types), norm_weight, norm_bias, 1e-12);
    const Tensor heads = linear(x, qkv_weight, qkv_bias)  // [B, S, 3 H] -> [3, B, A, S, D]
                             .reshape({B, S, 3, A, H / A})
                             .permute({2, 0, 3, 1, 4});
    const Tensor context =
        scaled_dot_product_attention(heads.select(0, 0), heads.select(0, 1), heads.select(0, 2),
                                     {.mask = mask, .dropout = 0.1, .seed = seed});
    const Tensor merged = context.permute({0, 2, 1, 3}).reshape({B, S, H});
    x = residual_layer_norm(linear(merged, out_weight), out_bias, x, norm_weight, norm_bias, 1e-12, 0.1,
                            seed + 1);
    const Tensor inner = bias_activation(linear(x, up_weight), up_bias, Activation::gelu);
    x = residual_layer_norm(linear(inner, down_weight), down_bias, x, norm_weight, norm_bias, 1e-12, 0.1,
                            seed + 2);
    const Tensor smooth = dropout(tanh(x), 0.1, seed + 3);
    return cross_entropy(linear(smooth, word), targets, {.label_smoothing = 0.1}) +
           mean(softmax(x) * log_softmax(x)) * 0.01;
  }
};

/// Whole numbers in [0, limit) that look random.
Tensor numbers(const Shape& shape, int64_t limit, int64_t factor) {
  std::vector<int64_t> values;
  for (int64_t i = 0, n = shape.numel(); i < n; ++i) values.push_back(i * factor % limit);
  return tensor(values, shape);
}

/// The losses of 20 steps of gradient descent, then all parameters.
std::vector<float> train() {
  Network network;
  const Tensor ids = numbers({B, S}, V, 37), types = numbers({B, S}, 2, 1), targets = numbers({B, S}, V, 23);
  const Tensor mask = less(arange(S), tensor({96, 50, 70, 10}, Shape{B, 1})).reshape({B, 1, 1, S});
  std::vector<float> history;
  for (uint64_t step = 0; step < 20; ++step) {
    const Tensor loss = network.loss(ids, types, mask, targets, 10 * step);
    loss.backward();
    history.push_back(static_cast<float>(loss.item()));
    const NoGrad no_grad;
    for (Tensor* p : network.parameters()) {
      p->add_(p->grad(), -0.5);
      p->clear_grad();
    }
  }
  for (const Tensor* p : network.parameters()) {
    const std::vector<float> values = p->to_vector<float>();
    history.insert(history.end(), values.begin(), values.end());
  }
  return history;
}

}  // namespace

TEST_CASE("training: 20 steps of an encoder layer give the same bits on 1, 2 and 3 threads", "[ops]") {
  const std::vector<float> once = train();
  CHECK(once[19] < once[0]);
  for (const float value : once) REQUIRE(std::isfinite(value));
  CHECK(test::same_bits_on_any_threads(train));
}

/// @file
/// Chapter 9, second half: two small tasks on which the kinds of feed-forward networks are compared.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "autograd/grad_mode.hpp"
#include "nn/optimizers/optimizer.hpp"
#include "nn/transformer/feed_forward.hpp"

namespace gradus::tutorials {

inline const std::vector<std::pair<std::string, nn::FeedForwardKind>> feed_forward_kinds = {
    {"ReLU", nn::FeedForwardKind::relu},    {"GELU", nn::FeedForwardKind::gelu},
    {"GLU", nn::FeedForwardKind::glu},      {"bilinear", nn::FeedForwardKind::bilinear},
    {"ReGLU", nn::FeedForwardKind::reglu},  {"GEGLU", nn::FeedForwardKind::geglu},
    {"SwiGLU", nn::FeedForwardKind::swiglu}};

/// What is to be learned, from one vector of 16 numbers to another: a random smooth function,
/// y = B tanh(A x), or products of pairs of elements, y_i = x_i x_(i+1).
enum class TokenTask { smooth, products };

inline constexpr int64_t task_width = 16;

/// The targets of x [N, 16]: [N, 16]. A and B depend on the seed alone.
inline Tensor task_targets(TokenTask task, const Tensor& x, uint64_t seed) {
  if (task == TokenTask::products) return x * concat({x.slice(1, 1, task_width), x.slice(1, 0, 1)}, 1);
  Rng rng(seed, 77);
  const Tensor a = randn({16, task_width}, rng) * 0.5, b = randn({task_width, 16}, rng) * 0.25;
  return linear(tanh(linear(x, a)), b);
}

/// Trains a feed-forward network of this kind with Adam and returns its mean squared error on new vectors,
/// over the variance of the targets: 1 is no better than always answering the mean.
inline double task_error(nn::FeedForwardKind kind, int64_t width, TokenTask task, uint64_t seed,
                         int64_t steps = 400) {
  Rng rng(seed);
  const nn::FeedForward net(task_width, width, rng, {.kind = kind});
  nn::Adam optimizer(net, {.lr = 1e-2});
  for (int64_t step = 0; step < steps; ++step) {
    optimizer.set_learning_rate(1e-2 * (1 - static_cast<double>(step) / static_cast<double>(steps)));
    const Tensor x = randn({64, task_width}, rng);
    const Tensor gap = net(x) - task_targets(task, x, seed);
    optimizer.zero_grad();
    mean(gap * gap).backward();
    optimizer.step();
  }
  const NoGrad no_grad;
  const Tensor x = randn({1000, task_width}, rng), y = task_targets(task, x, seed), gap = net(x) - y;
  return mean(gap * gap).item() / var(y).item();
}

}  // namespace gradus::tutorials

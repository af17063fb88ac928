// What the tests of optimizers share: a layer with two parameters, and steps of a loss of it.
#pragma once

#include <functional>
#include <memory>

#include "nn/linear.hpp"
#include "nn/optimizers/optimizer.hpp"

namespace gradus::test {

/// An optimizer of a module's parameters.
using MakeOptimizer = std::function<std::unique_ptr<nn::Optimizer>(const nn::Module&)>;

inline nn::Linear small_layer() {
  Rng rng(3);
  return nn::Linear(3, 2, rng);
}

/// A few steps on a quadratic, so that every run has the same gradients at the same parameters.
inline void train(const nn::Linear& layer, nn::Optimizer& optimizer, int steps) {
  for (int i = 0; i < steps; ++i) {
    optimizer.zero_grad();
    const Tensor y = layer(ones({4, 3}));
    sum(y * y).backward();
    optimizer.clipped_step(1);
  }
}

}  // namespace gradus::test

#include <fmt/format.h>

#include "nn/nn.hpp"

int main() {
  using namespace gradus;
  Rng rng(42);
  const Tensor x = randn({256, 3}, rng);                               // [256, 3]
  const Tensor y = linear(x, tensor<float>({2, -3, 1}, Shape{1, 3}));  // [256, 1]
  const nn::Linear model(3, 1, rng);
  nn::Adam optimizer(model, {.lr = 0.05});
  for (int step = 0; step < 300; ++step) {
    optimizer.zero_grad();
    const Tensor error = model(x) - y;
    mean(error * error).backward();
    optimizer.step();
  }
  fmt::print("{}\n", model.weight);  // close to [[2, -3, 1]]
}

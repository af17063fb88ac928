// What the tests of the gradient checker run it on.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/tensor.hpp"

namespace gradus::test {

using Inputs = std::vector<Tensor>;

inline Tensor random(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return randn(shape, rng, DType::f64);
}

}  // namespace gradus::test

// What the tests of layers share: random inputs in f64, differences, and gradient checks of both orders.
#pragma once

#include <functional>
#include <vector>

#include "nn/gradcheck.hpp"
#include "support/catch.hpp"
#include "support/sanitized.hpp"

namespace gradus::test {

inline Tensor random_normal(const Shape& shape, uint64_t seed) {
  Rng rng(seed);
  return randn(shape, rng, DType::f64);
}

inline double worst_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  return a.numel() == 0 ? 0 : max(abs(a.detach() - b.detach())).item();
}

/// Every input and parameter of `module`, which is converted to f64: first order element by element (or along
/// `directions`), second order along two directions.
inline void check_gradients(const nn::Module& module,
                            const std::function<Tensor(const std::vector<Tensor>&)>& fn,
                            const std::vector<Tensor>& inputs, int64_t directions = 0) {
  module.to(DType::f64);
  for (const bool second_order : {false, true}) {
    const GradcheckReport report = nn::gradcheck(module, fn, inputs,
                                                 {.directions = second_order ? 2 : directions,
                                                  .sample = directions > 0 || second_order ? 0 : elements(0),
                                                  .second_order = second_order});
    INFO(to_string(report));
    CHECK(report.passed);
  }
}

}  // namespace gradus::test

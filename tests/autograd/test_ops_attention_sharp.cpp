// Attention in f32 where one key outweighs the others: as close to f64 as PyTorch, which keeps its
// probabilities, where Gradus makes them again.
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "autograd/engine.hpp"
#include "support/catch.hpp"
#include "support/op_check.hpp"

using namespace gradus;
using namespace gradus::test;

namespace {

constexpr int64_t B = 2, A = 2, S = 40, D = 32;

/// Numbers in [-1, 1] by a hash of their position, as scripts/reference/attention_errors.py makes them; in
/// f32.
Tensor hashed(uint32_t seed) {
  std::vector<float> numbers;
  for (uint32_t i = 0; i < B * A * S * D; ++i) {
    uint32_t h = i * 2654435761u + seed * 40503u;
    h = (h ^ (h >> 15)) * 2246822519u;
    h ^= h >> 13;
    numbers.push_back(static_cast<float>(h % 2001 / 1000.0 - 1));
  }
  return tensor(numbers, Shape{B, A, S, D});
}

/// The output and the gradients of q, k and v.
std::vector<Tensor> run(DType dtype, double factor, bool causal, uint32_t draw) {
  std::vector<Tensor> leaves;
  for (uint32_t i = 0; i < 3; ++i) {
    const Tensor x = hashed(4 * draw + i);
    leaves.push_back((i == 0 ? x * factor : x).to(dtype).requires_grad());
  }
  const Tensor y = scaled_dot_product_attention(leaves[0], leaves[1], leaves[2], {.causal = causal});
  std::vector<Tensor> results = grad({y}, leaves, {hashed(4 * draw + 3).to(dtype)});
  results.insert(results.begin(), y.detach());
  return results;
}

/// |a - b| / |b|, Euclidean norms.
double relative(const Tensor& a, const Tensor& b) {
  const Tensor difference = a.to(DType::f64) - b;
  return std::sqrt(sum(difference * difference).item() / sum(b * b).item());
}

}  // namespace

TEST_CASE("attention: with sharp scores f32 is within twice PyTorch's error", "[ops][fused]") {
  std::ifstream file(GRADUS_FIXTURES "/autograd/attention_errors.json");
  const nlohmann::json cases = nlohmann::json::parse(file);
  REQUIRE(cases.size() == 8);
  for (const nlohmann::json& wanted : cases) {
    const double factor = wanted["factor"];
    const bool causal = wanted["causal"];
    constexpr int draws = 8;
    std::vector<double> logarithms(4);
    for (uint32_t draw = 0; draw < draws; ++draw) {
      const std::vector<Tensor> exact = run(DType::f64, factor, causal, draw);
      const std::vector<Tensor> single = run(DType::f32, factor, causal, draw);
      for (size_t i = 0; i < 4; ++i) logarithms[i] += std::log(relative(single[i], exact[i]));
    }
    const char* const names[] = {"y", "dq", "dk", "dv"};
    for (size_t i = 0; i < 4; ++i) {
      CAPTURE(factor, causal, names[i]);
      CHECK(std::exp(logarithms[i] / draws) < 2 * wanted[names[i]].get<double>());
    }
  }
}

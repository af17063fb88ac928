#include "nn/init.hpp"

#include <cmath>

namespace gradus::nn {

int64_t checked_size(std::string_view layer, std::string_view what, int64_t size) {
  if (size < 0) fail<ShapeError>("{}: {} must be at least 0, not {}", layer, what, size);
  return size;
}

namespace {
thread_local bool draws = true;
}

WithoutDraws::WithoutDraws() : SwitchGuard(draws, false) {}

namespace init {
namespace {

void check_matrix(const char* name, const Shape& shape) {
  if (shape.rank() != 2) fail<ShapeError>("{}: needs the shape [out, in] of a weight, not {}", name, shape);
}

Tensor filled(const Shape& shape, const std::function<double()>& draw) {
  if (!draws) return gradus::zeros(shape);
  Tensor x = empty(shape);
  float* data = x.mutable_data<float>();
  for (int64_t i = 0, n = x.numel(); i < n; ++i) data[i] = static_cast<float>(draw());
  return x;
}

Tensor evenly(const Shape& shape, Rng& rng, double bound) {
  return draws ? rand(shape, rng, -bound, bound) : gradus::zeros(shape);
}

}  // namespace

Init normal(double std) {
  return [std](const Shape& shape, Rng& rng) { return filled(shape, [&] { return std * rng.normal(); }); };
}

Init truncated_normal(double std) {
  return [std](const Shape& shape, Rng& rng) {
    return filled(shape, [&] {
      double z = rng.normal();
      while (std::abs(z) > 2) z = rng.normal();
      return std * z;
    });
  };
}

Init uniform(double bound) {
  return [bound](const Shape& shape, Rng& rng) { return evenly(shape, rng, bound); };
}

Init xavier_uniform() {
  return [](const Shape& shape, Rng& rng) {
    check_matrix("xavier_uniform", shape);
    const double bound = std::sqrt(6.0 / (static_cast<double>(shape[0]) + static_cast<double>(shape[1])));
    return evenly(shape, rng, bound);
  };
}

Init he_uniform() {
  return [](const Shape& shape, Rng& rng) {
    check_matrix("he_uniform", shape);
    const double bound = std::sqrt(6.0 / static_cast<double>(shape[1]));
    return evenly(shape, rng, bound);
  };
}

Init zeros() {
  return [](const Shape& shape, Rng&) { return gradus::zeros(shape); };
}

Init ones() {
  return [](const Shape& shape, Rng&) { return gradus::ones(shape); };
}

}  // namespace init
}  // namespace gradus::nn

#include "nn/dropout.hpp"

namespace gradus::nn {

Dropout::Dropout(double probability) : p(probability) {
  if (!(p >= 0 && p < 1)) fail<ValueError>("dropout: the probability must be in [0, 1), not {}", p);
}

Dropout::Mask Dropout::next_mask() const {
  if (!is_training() || p == 0) return {0, 0};
  return {p, default_rng().bits64()};
}

Tensor Dropout::operator()(const Tensor& x) const {
  const ModuleScope scope = enter();
  const Mask next = next_mask();
  return next.p == 0 ? x : dropout(x, next.p, next.seed);
}

}  // namespace gradus::nn

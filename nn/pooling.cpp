#include "nn/pooling.hpp"

#include <limits>

namespace gradus::nn {
namespace {

void check_mask(const char* what, const Tensor& x, const Tensor& allowed) {
  if (!allowed.defined()) return;
  if (allowed.dtype() != DType::boolean) {
    fail<DTypeError>("{}: the mask must be bool, not {}", what, name(allowed.dtype()));
  }
  if (allowed.shape() != Shape{x.size(0), x.size(1)}) {
    fail<ShapeError>("{}: the mask {} does not fit x {}: it must be [{}, {}]", what, allowed.shape(),
                     x.shape(), x.size(0), x.size(1));
  }
}

/// x [B, T, H] with zeros where a position does not count: 0 * NaN would be NaN.
Tensor without_masked(const Tensor& x, const Tensor& allowed) {
  return allowed.defined() ? masked_fill(x, logical_not(allowed).unsqueeze(2), 0) : x;
}

}  // namespace

Tensor mean_pool(const Tensor& x, const Tensor& allowed) {
  if (x.rank() != 3) fail<ShapeError>("mean_pool: x must be [B, T, H], not {}", x.shape());
  check_mask("mean_pool", x, allowed);
  if (!allowed.defined()) return mean(x, Axes{1});
  const Tensor one = scalar(1, x.dtype());
  const Tensor ones = where(allowed.unsqueeze(2), one, scalar(0, x.dtype()));  // [B, T, 1]
  const Tensor count = maximum(sum(ones, Axes{1}), one);                       // [B, 1]
  return sum(without_masked(x, allowed), Axes{1}) / count;                     // [B, T, H] -> [B, H]
}

AttentionPooling::AttentionPooling(int64_t hidden, Rng& rng, const AttentionPoolingOptions& options)
    : dense(child("dense",
                  Linear(hidden, options.size == 0 ? hidden : options.size, rng, {.init = options.init}))),
      query(child("query", Linear(dense.weight.size(0), options.queries, rng,
                                  {.init = options.init, .bias = false}))) {
  if (options.queries < 1) {
    fail<ShapeError>("attention pooling: {} queries are too few: at least 1", options.queries);
  }
}

std::pair<Tensor, Tensor> AttentionPooling::with_weights(const Tensor& x, const Tensor& allowed) const {
  const ModuleScope scope = enter();
  const int64_t H = dense.weight.size(1);
  if (x.rank() != 3 || x.size(2) != H) {
    fail<ShapeError>("attention pooling: x must be [B, T, {}], not {}", H, x.shape());
  }
  check_mask("attention pooling", x, allowed);
  const Tensor seen = without_masked(x, allowed);
  Tensor scores = query(tanh(dense(seen))).transpose(1, 2);  // [B, T, R] -> [B, R, T]
  if (allowed.defined()) {
    scores = masked_fill(scores, logical_not(allowed).unsqueeze(1), -std::numeric_limits<double>::infinity());
  }
  const Tensor weights = softmax(scores);
  const Tensor y = matmul(weights, seen);  // [B, R, T] [B, T, H] -> [B, R, H]
  if (query.weight.size(0) == 1) return {y.squeeze(1), weights.squeeze(1)};
  return {y, weights};
}

}  // namespace gradus::nn

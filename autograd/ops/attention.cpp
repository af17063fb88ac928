// Scaled dot-product attention.
#include <cmath>
#include <limits>

#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

void check_arguments(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  constexpr std::string_view op = "scaled_dot_product_attention";
  ops::check_float(op, q);
  ops::check_same_dtype(op, q, k);
  ops::check_same_dtype(op, q, v);
  const bool fits = q.rank() == 4 && k.rank() == 4 && v.rank() == 4 && q.size(0) == k.size(0) &&
                    q.size(0) == v.size(0) && q.size(1) == k.size(1) && q.size(1) == v.size(1) &&
                    q.size(3) == k.size(3) && k.size(2) == v.size(2);
  if (!fits) {
    fail<ShapeError>("{}: q {}, k {} and v {} must be [B, A, S, D], [B, A, T, D] and [B, A, T, E]", op,
                     q.shape(), k.shape(), v.shape());
  }
  ops::check_probability(op, options.dropout);
  if (options.mask.defined()) {
    ops::check_dtype(op, "the mask", options.mask, DType::boolean);
    const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
    if (options.mask.rank() > 4 || broadcast_shapes(options.mask.shape(), scores, op) != scores) {
      fail<ShapeError>("{}: a mask {} does not broadcast to the scores {}", op, options.mask.shape(), scores);
    }
  }
}

/// bool [S, T]: true where query i may see key j, j <= i + T - S.
Tensor causal_mask(int64_t S, int64_t T) {
  const Tensor query = arange(S).unsqueeze(1) + static_cast<double>(T - S), key = arange(T).unsqueeze(0);
  return logical_not(less(query, key));
}

}  // namespace

std::pair<Tensor, Tensor> composed::attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const AttentionOptions& options) {
  check_arguments(q, k, v, options);
  const double scale = 1 / std::sqrt(static_cast<double>(q.size(3)));
  Tensor scores = matmul(q, k.transpose(-2, -1)) * scale;  // [B, A, S, D] [B, A, D, T] -> [B, A, S, T]
  constexpr double never = -std::numeric_limits<double>::infinity();
  if (options.mask.defined()) scores = masked_fill(scores, logical_not(options.mask), never);
  if (options.causal) scores = masked_fill(scores, logical_not(causal_mask(q.size(2), k.size(2))), never);
  const Tensor weights = dropout(composed::softmax(scores), options.dropout, options.seed);
  return {matmul(weights, v), weights};  // [B, A, S, T] [B, A, T, E] -> [B, A, S, E]
}

std::pair<Tensor, Tensor> attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                                 const AttentionOptions& options) {
  return composed::attention(q, k, v, options);
}

}  // namespace gradus

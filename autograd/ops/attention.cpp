// Scaled dot-product attention.
#include "autograd/kernels/layers/attention.hpp"

#include <cmath>
#include <limits>

#include "autograd/ops/op_support.hpp"

namespace gradus {
namespace {

void check_mask(std::string_view op, const Tensor& mask, const Shape& scores, DType dtype) {
  if (!mask.defined()) return;
  if (mask.dtype() != DType::boolean && mask.dtype() != dtype) {
    fail<DTypeError>("{}: the mask must be bool, or {} as the scores, not {}", op, name(dtype),
                     name(mask.dtype()));
  }
  const Shape& shape = mask.shape();
  const int lead = scores.rank() - shape.rank();
  bool broadcasts = lead >= 0;
  for (int i = 0; broadcasts && i < shape.rank(); ++i) {
    broadcasts = shape[i] == 1 || shape[i] == scores[lead + i];
  }
  if (!broadcasts) fail<ShapeError>("{}: a mask {} does not broadcast to the scores {}", op, shape, scores);
}

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
  const Shape scores{q.size(0), q.size(1), q.size(2), k.size(2)};
  (void)scores.numel();  // throws if they cannot be counted, as tensors that repeat an element may want
  check_mask(op, options.mask, scores, q.dtype());
  if (options.scale && !std::isfinite(*options.scale)) {
    fail<ValueError>("{}: the scale is {}; it must be a finite number", op, *options.scale);
  }
}

void check_scores(const Tensor& scores, const Tensor& v, const AttentionOptions& options) {
  constexpr std::string_view op = "attention_from_scores";
  ops::check_float(op, scores);
  ops::check_same_dtype(op, scores, v);
  if (scores.rank() < 2 || v.rank() < 2 || scores.size(-1) != v.size(-2)) {
    fail<ShapeError>("{}: scores {} and v {} must be [..., S, T] and [..., T, E]", op, scores.shape(),
                     v.shape());
  }
  ops::check_probability(op, options.dropout);
  check_mask(op, options.mask, scores.shape(), scores.dtype());
  if (options.scale)
    fail<ValueError>("{}: the scores come with their scale, so options.scale must be unset", op);
}

/// bool [S, T]: true where query i may see key j, j <= i + T - S.
Tensor causal_mask(int64_t S, int64_t T) {
  const Tensor query = arange(S).unsqueeze(1) + static_cast<double>(T - S), key = arange(T).unsqueeze(0);
  return logical_not(less(query, key));
}

/// A tensor of shape [B, A, S, D] that lies in memory as [B, S, A, D]: merging its heads is a view.
Tensor empty_heads(const Tensor& like) {
  const Shape& s = like.shape();
  return empty({s[0], s[2], s[1], s[3]}, like.dtype()).permute({0, 2, 1, 3});
}

/// Where the gradient of x, saved by the op, may lie: over x, if it lies as empty_heads would and nobody
/// reads it any more (ops::over_saved).
Tensor over_heads(const Tensor& x) {
  const bool is_free = frees_graph() && x.handle().use_count() == 1 && x.impl()->storage.use_count() == 1;
  return is_free && x.permute({0, 2, 1, 3}).is_contiguous() ? x : empty_heads(x);
}

/// The kernels take any strides but the last, which is 1.
Tensor with_dense_rows(const Tensor& x) {
  return x.strides()[3] == 1 || x.shape()[3] == 1 ? x.detach() : x.detach().contiguous();
}

template <class T>
kernels::Heads<const T> heads(const Tensor& x) {
  return {x.data<T>(), x.strides()[0], x.strides()[1], x.strides()[2]};
}

template <class T>
kernels::Heads<T> output_heads(Tensor& x) {
  return {x.mutable_data<T>(), x.strides()[0], x.strides()[1], x.strides()[2]};
}

/// Which shapes the fused kernel takes; the composed form takes all. (Rows of 2^31 scores are for tensors
/// that repeat one element: the composed form says how much memory they would need.)
bool is_fusable(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options) {
  constexpr int64_t most = int64_t{1} << 31;
  if (k.size(2) >= most || q.size(2) >= most || q.size(3) >= most) return false;
  const bool mask_fits = !options.mask.defined() || options.mask.dtype() == DType::boolean;
  return mask_fits && v.size(3) == q.size(3) && (!options.causal || q.size(2) == k.size(2));
}

double scale_of(const AttentionOptions& options, const Tensor& q) {
  return options.scale.value_or(1 / std::sqrt(static_cast<double>(q.size(3))));
}

}  // namespace

Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options) {
  check_arguments(q, k, v, options);
  if (composed_ops()) return composed::attention(q, k, v, options).first;
  if (!is_fusable(q, k, v, options)) return attention_with_weights(q, k, v, options).first;

  const kernels::AttentionShape shape{q.size(0), q.size(1), q.size(2), k.size(2), q.size(3)};
  kernels::AttentionOptions how;
  how.scale = scale_of(options, q);
  how.causal = options.causal;
  how.dropout = options.dropout;
  how.dropout_seed = options.seed;
  if (options.mask.defined()) {
    const Strides m = broadcast_strides(options.mask.shape(), options.mask.strides(),
                                        {shape.batch, shape.heads, shape.queries, shape.keys});
    how.mask = {options.mask.data<bool>(), m[0], m[1], m[2], m[3]};
  }
  const Tensor qd = with_dense_rows(q), kd = with_dense_rows(k), vd = with_dense_rows(v);
  Tensor y = empty_heads(q);
  Tensor sums = empty({2, shape.batch, shape.heads, shape.queries}, q.dtype());  // shifts, and 1 / sums
  dispatch_float(q.dtype(), "scaled_dot_product_attention", [&]<class T> {
    kernels::attention_forward<T>(shape, how, heads<T>(qd), heads<T>(kd), heads<T>(vd), output_heads<T>(y),
                                  {sums.mutable_data<T>(), sums.mutable_data<T>() + sums.numel() / 2});
  });
  // The mask is captured too: `how` points into its memory. docs/derivations/attention.md
  const auto backward = [q = saved(qd), k = saved(kd), v = saved(vd), mask = saved(options.mask), sums, shape,
                         how](const Tensor& dy, const Tensor&) {
    const Tensor g = with_dense_rows(dy);
    const Tensor &query = q, &key = k, &value = v;
    Tensor dq = over_heads(query), dk = over_heads(key), dv = over_heads(value);
    mask.get();  // refuses a mask that was changed in place
    dispatch_float(dy.dtype(), "scaled_dot_product_attention", [&]<class T> {
      kernels::attention_backward<T>(shape, how, heads<T>(query), heads<T>(key), heads<T>(value),
                                     {sums.data<T>(), sums.data<T>() + sums.numel() / 2}, heads<T>(g),
                                     output_heads<T>(dq), output_heads<T>(dk), output_heads<T>(dv));
    });
    return std::vector<Tensor>{dq, dk, dv};
  };
  return record_fused("scaled_dot_product_attention", y, {q, k, v}, backward,
                      [options, mask = saved(options.mask)](const std::vector<Tensor>& in) {
                        mask.get();
                        return composed::attention(in[0], in[1], in[2], options).first;
                      });
}

std::pair<Tensor, Tensor> attention_from_scores(const Tensor& scores, const Tensor& v,
                                                const AttentionOptions& options) {
  check_scores(scores, v, options);
  constexpr double never = -std::numeric_limits<double>::infinity();
  Tensor seen = scores;  // [..., S, T], -inf where a query may not look
  if (options.mask.defined()) {
    const bool numbers = options.mask.dtype() != DType::boolean;
    const Tensor hidden = numbers ? equal(options.mask, never) : logical_not(options.mask);
    // Filled in rather than added: -inf is then no finding of anomaly mode, and hides an infinite score too.
    if (numbers) seen = seen + masked_fill(options.mask, hidden, 0);
    seen = masked_fill(seen, hidden, never);
  }
  if (options.causal) {
    seen = masked_fill(seen, logical_not(causal_mask(scores.size(-2), scores.size(-1))), never);
  }
  const Tensor weights = dropout(softmax(seen), options.dropout, options.seed);
  return {matmul(weights, v), weights};  // [..., S, T] [..., T, E] -> [..., S, E]
}

std::pair<Tensor, Tensor> attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                                 const AttentionOptions& options) {
  check_arguments(q, k, v, options);
  // [B, A, S, D] [B, A, D, T] -> [B, A, S, T]
  const Tensor scores = matmul(q, k.transpose(-2, -1)) * scale_of(options, q);
  AttentionOptions rest = options;
  rest.scale.reset();
  return attention_from_scores(scores, v, rest);
}

std::pair<Tensor, Tensor> composed::attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                              const AttentionOptions& options) {
  const ComposedOps plain;
  return attention_with_weights(q, k, v, options);
}

}  // namespace gradus

/// @file
/// Every differentiable operation on tensors.
///
/// Rules that hold for all: operands must have the same dtype (DTypeError otherwise; nothing is promoted);
/// two shapes broadcast by NumPy's rule (ShapeError otherwise); an axis counts from the front (0, 1, ...) or
/// from the back (-1, ...), IndexError if it does not exist; gradients exist for f32 and f64.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "autograd/kernels/layers/bias_act.hpp"
#include "autograd/tensor.hpp"

namespace gradus {

// ---- Arithmetic, element by element, with broadcasting (f32, f64, i64; i64 wraps around at its ends) ----
Tensor add(const Tensor& a, const Tensor& b);
Tensor sub(const Tensor& a, const Tensor& b);
Tensor mul(const Tensor& a, const Tensor& b);
Tensor div(const Tensor& a, const Tensor& b);  ///< f32 and f64 only.
Tensor neg(const Tensor& x);
Tensor maximum(const Tensor& a, const Tensor& b);  ///< A tie halves the gradient; a NaN makes all NaN.
Tensor minimum(const Tensor& a, const Tensor& b);
Tensor maximum(const Tensor& x, double number);
Tensor minimum(const Tensor& x, double number);
Tensor add(const Tensor& x, double number);
Tensor mul(const Tensor& x, double number);
Tensor div(const Tensor& x, double number);  ///< f32 and f64 only.
/// x^exponent (f32, f64), with the derivative exponent x^(exponent - 1): at x = 0 that is 0 for exponent 0
/// and infinite below 1. NaN for x < 0, -inf included, unless the exponent is whole (or infinite).
Tensor pow(const Tensor& x, double exponent);

inline Tensor operator+(const Tensor& a, const Tensor& b) { return add(a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) { return sub(a, b); }
inline Tensor operator*(const Tensor& a, const Tensor& b) { return mul(a, b); }
inline Tensor operator/(const Tensor& a, const Tensor& b) { return div(a, b); }
inline Tensor operator-(const Tensor& x) { return neg(x); }
inline Tensor operator+(const Tensor& x, double c) { return add(x, c); }
inline Tensor operator+(double c, const Tensor& x) { return add(x, c); }
inline Tensor operator-(const Tensor& x, double c) { return add(x, -c); }
inline Tensor operator-(double c, const Tensor& x) { return add(neg(x), c); }
inline Tensor operator*(const Tensor& x, double c) { return mul(x, c); }
inline Tensor operator*(double c, const Tensor& x) { return mul(x, c); }
inline Tensor operator/(const Tensor& x, double c) { return div(x, c); }
inline Tensor operator/(double c, const Tensor& x) { return div(scalar(c, x.dtype()), x); }

// ---- Functions of one element (f32, f64) ----
Tensor exp(const Tensor& x);
Tensor log(const Tensor& x);  ///< Natural logarithm; -inf at 0 and NaN below.
Tensor sqrt(const Tensor& x);
Tensor rsqrt(const Tensor& x);  ///< 1 / sqrt(x)
Tensor tanh(const Tensor& x);
Tensor sigmoid(const Tensor& x);  ///< 1 / (1 + exp(-x))
Tensor relu(const Tensor& x);     ///< max(x, 0); the derivative at 0 is 0. NaN and its derivative stay NaN.
Tensor erf(const Tensor& x);      ///< 2/sqrt(pi) * integral of exp(-t^2) from 0 to x
Tensor gelu(const Tensor& x);  ///< x * Phi(x), Phi by erf (Hendrycks and Gimpel 2016): Hugging Face's "gelu".
Tensor gelu_tanh(const Tensor& x);  ///< Its tanh approximation: "gelu_new", as in GPT-2.
Tensor silu(const Tensor& x);       ///< x * sigmoid(x) (Elfwing et al. 2017, "SiL").
Tensor abs(const Tensor& x);        ///< Also i64; the derivative at 0 is 0, at NaN NaN.
/// max(low, min(x, high)). The derivative is 1 inside and at the bounds, else 0; at NaN both are NaN.
/// @throws ValueError if low > high.
Tensor clamp(const Tensor& x, double low, double high);
Tensor sin(const Tensor& x);
Tensor cos(const Tensor& x);

// ---- Comparison and choice (not differentiable in the condition) ----
// Comparisons give bool; with NaN on either side all but not_equal are false. A plain number takes the dtype
// of the tensor, so comparing i64 with 0.5 is a DTypeError.
Tensor equal(const Tensor& a, const Tensor& b);
Tensor not_equal(const Tensor& a, const Tensor& b);
Tensor less(const Tensor& a, const Tensor& b);
Tensor less_equal(const Tensor& a, const Tensor& b);
Tensor greater(const Tensor& a, const Tensor& b);
Tensor greater_equal(const Tensor& a, const Tensor& b);
Tensor equal(const Tensor& x, double number);
Tensor not_equal(const Tensor& x, double number);
Tensor less(const Tensor& x, double number);
Tensor less_equal(const Tensor& x, double number);
Tensor greater(const Tensor& x, double number);
Tensor greater_equal(const Tensor& x, double number);
Tensor logical_and(const Tensor& a, const Tensor& b);
Tensor logical_not(const Tensor& a);
/// a where condition (bool), else b.
Tensor where(const Tensor& condition, const Tensor& a, const Tensor& b);
Tensor where(const Tensor& condition, const Tensor& a, double b);
Tensor where(const Tensor& condition, double a, const Tensor& b);
Tensor masked_fill(const Tensor& x, const Tensor& mask, double value);  ///< value where mask (bool), else x.
Tensor is_finite(const Tensor& x);                                      ///< bool: neither NaN nor infinite.

// ---- Reductions over some axes (all axes when `axes` is not given; `keep` leaves them with size 1) ----
/// The sum. Of a bool tensor: how many are true, as i64.
Tensor sum(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false);
Tensor mean(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false);  ///< NaN over no elements.
/// Ties share the gradient. @throws ShapeError over no elements.
Tensor max(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false);
Tensor min(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false);
/// sum((x - mean)^2) / (n - correction); correction 1 is the unbiased estimate, 0 LayerNorm's. NaN if n <=
/// correction.
Tensor var(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false, int64_t correction = 1);
/// log(sum(exp(x))), without overflow; -inf over no elements. The derivative is softmax(x), NaN where all x
/// are -inf.
Tensor logsumexp(const Tensor& x, std::optional<Axes> axes = {}, bool keep = false);
Tensor argmax(const Tensor& x, int64_t axis, bool keep = false);  ///< i64; the first of equals. No gradient.

// ---- Layout (views are methods of Tensor: reshape, transpose, permute, slice, expand, ...) ----
/// Joins along an axis that exists. @throws ShapeError if there are no parts, or if they differ elsewhere.
Tensor concat(const std::vector<Tensor>& parts, int64_t axis);
/// Joins parts of one shape along a new axis. @throws ShapeError as concat.
Tensor stack(const std::vector<Tensor>& parts, int64_t axis);
/// Views of sizes[0], sizes[1], ... indices, one after the other. @throws ShapeError if the sizes do not add
/// up to the axis.
std::vector<Tensor> split(const Tensor& x, const std::vector<int64_t>& sizes, int64_t axis);
/// Adds `before` and `after` elements of `value` around an axis. @throws ShapeError if one is negative.
Tensor pad(const Tensor& x, int64_t axis, int64_t before, int64_t after, double value = 0);
Tensor sum_to(const Tensor& x, const Shape& shape);  ///< The inverse of a broadcast: sums what was repeated.

// ---- Products ----
/// a [..., M, K] times b [..., K, N] -> [..., M, N]; the leading dimensions broadcast. Any strides, no
/// copies: a transposed operand is a view. A vector [K] on either side is a row or a column.
/// @throws ShapeError if the two K differ, or for a scalar.
Tensor matmul(const Tensor& a, const Tensor& b);
/// x W^T + bias: x [..., in], weight [out, in], bias [out] or undefined -> [..., out].
/// @throws ShapeError that names what does not fit.
Tensor linear(const Tensor& x, const Tensor& weight, const Tensor& bias = {});

// ---- Indexing (indices are i64; IndexError names the first one out of range) ----
Tensor embedding(const Tensor& table, const Tensor& ids);  ///< table [V, H], ids [...] -> [..., H]
/// The entries of one axis that index [n] names, in that order.
Tensor index_select(const Tensor& x, int64_t axis, const Tensor& index);
/// y[i][j] = x[index[i][j]][j] for axis 0.
Tensor gather(const Tensor& x, int64_t axis, const Tensor& index);
/// A copy of x with source added at the index: y[index[i][j]][j] += source[i][j] for axis 0.
Tensor scatter_add(const Tensor& x, int64_t axis, const Tensor& index, const Tensor& source);

// ---- Softmax, normalisation, dropout ----
Tensor softmax(const Tensor& x, int64_t axis = -1);      ///< exp(x) / sum(exp(x)); zeros where all are -inf.
Tensor log_softmax(const Tensor& x, int64_t axis = -1);  ///< log(softmax(x)): -inf where all are -inf.
/// (x - mean) / sqrt(var + eps) * weight + bias over the last axis, biased variance (Ba et al. 2016, eq. 4).
/// x [..., H], weight and bias [H]; an undefined weight is 1, an undefined bias 0.
/// @throws ShapeError if they do not fit.
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
/// Each element is 0 with probability p, else x / (1 - p) (Srivastava et al. 2014, "inverted"). The mask is a
/// function of `seed` and the element's index, so backward makes it again. @throws ValueError if p is not in
/// [0, 1].
Tensor dropout(const Tensor& x, double p, uint64_t seed);

// ---- Losses ----
enum class LossReduction : uint8_t { mean, sum, none };
struct CrossEntropyOptions {
  int64_t ignore_index = -100;  ///< targets with this value count neither in the sum nor in the mean
  double label_smoothing = 0;  ///< e: the target has 1 - e + e/C, every other class e/C (Szegedy et al. 2016)
  LossReduction reduction = LossReduction::mean;
  Tensor weight = {};  ///< [C]: what each class counts, a constant; undefined: 1
};
/// Each target costs -log softmax(logits)[target], times the weight of its class; with smoothing each class
/// has its own weight. `mean`: over the targets that are not ignored, divided by the sum of their weights; 0
/// if that is 0. `sum`: the sum. `none`: one number a target, 0 where it is ignored. As
/// torch.nn.functional.cross_entropy, but for a mean of nothing, which is NaN there.
/// logits [..., C], targets i64 [...] -> [] or, for `none`, [...].
/// @throws IndexError that names a target outside [0, C).
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, CrossEntropyOptions options = {});

// ---- Attention (Vaswani et al. 2017, eq. 1) ----
struct AttentionOptions {
  /// Broadcasts to the scores. bool: true where a query may look at a key. In the dtype of the scores: added
  /// to them, and differentiable (a learned bias, or -inf where nothing may be seen). Undefined: all may be
  /// seen.
  Tensor mask = {};
  bool causal = false;               ///< query i sees the keys 0 ... i + T - S only
  double dropout = 0;                ///< on the probabilities, after softmax
  uint64_t seed = 0;                 ///< of the dropout mask
  std::optional<double> scale = {};  ///< what q k^T is multiplied by; 1 / sqrt(D) if unset
};
/// softmax(scale q k^T + mask) v: q [B, A, S, D], k and v [B, A, T, D] -> [B, A, S, D]. A masked key has
/// probability exactly 0; a query whose keys are all masked gives zeros. @throws ShapeError where q, k, v or
/// the mask do not fit, DTypeError for a mask that is neither bool nor of their dtype.
Tensor scaled_dot_product_attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});
/// The same, with the probabilities (after dropout) [B, A, S, T] as second result.
std::pair<Tensor, Tensor> attention_with_weights(const Tensor& q, const Tensor& k, const Tensor& v,
                                                 const AttentionOptions& options = {});
/// softmax(scores + mask) v for scores of any kind [..., S, T] and v [..., T, E]: the result [..., S, E] and
/// the probabilities (after dropout) [..., S, T]. @throws Error if options.scale is set: these scores have
/// theirs.
std::pair<Tensor, Tensor> attention_from_scores(const Tensor& scores, const Tensor& v,
                                                const AttentionOptions& options = {});

// ---- Fused pairs: the same numbers as the composed form, in one pass over memory ----
using kernels::Activation;  ///< relu, gelu, gelu_tanh, silu, sigmoid or identity
/// act(x + bias); bias may be undefined.
Tensor bias_activation(const Tensor& x, const Tensor& bias, Activation kind);
/// layer_norm(residual + dropout(x + bias), weight, offset): BERT's sub-layer ending; bias may be undefined.
/// x and residual [..., H], the others [H]. @throws ShapeError if they do not fit.
Tensor residual_layer_norm(const Tensor& x, const Tensor& bias, const Tensor& residual, const Tensor& weight,
                           const Tensor& offset, double eps, double p, uint64_t seed);

/// word[ids] + token_type[type_ids] + position[0 ... S - 1]: ids and type_ids [B, S] -> [B, S, H]. BERT's
/// input before its LayerNorm (Devlin et al. 2018, figure 2).
/// @throws IndexError that names an id outside its table.
Tensor embedding_sum(const Tensor& word, const Tensor& token_type, const Tensor& position, const Tensor& ids,
                     const Tensor& type_ids);

// ---- The composed twins of the fused ops: what tutorials teach and tests hold the fused ones to ----
/// Each has the formula, shapes and errors of its fused op above, but is made of primitive ops.
namespace composed {
Tensor softmax(const Tensor& x, int64_t axis = -1);
Tensor log_softmax(const Tensor& x, int64_t axis = -1);
Tensor layer_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, double eps);
Tensor cross_entropy(const Tensor& logits, const Tensor& targets, CrossEntropyOptions options = {});
std::pair<Tensor, Tensor> attention(const Tensor& q, const Tensor& k, const Tensor& v,
                                    const AttentionOptions& options = {});
Tensor bias_activation(const Tensor& x, const Tensor& bias, Activation kind);
Tensor residual_layer_norm(const Tensor& x, const Tensor& bias, const Tensor& residual, const Tensor& weight,
                           const Tensor& offset, double eps, double p, uint64_t seed);
Tensor embedding_sum(const Tensor& word, const Tensor& token_type, const Tensor& position, const Tensor& ids,
                     const Tensor& type_ids);
}  // namespace composed

}  // namespace gradus
